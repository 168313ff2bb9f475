"""The command `import`: its settings, its exit codes and what it prints."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from downloads.models import Download
from releasehub.importing.models import ImportRun, ImportSource
from releasehub.importing.opening import settings_of
from tests.factories import make_category, make_file, make_user, make_version
from tests.importing.hosts import TOKEN, Host
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def run(host: Host, *arguments: str) -> str:
    """Run the command, and return what it printed."""
    output = io.StringIO()
    command = ["import", "github", "acme/tool", "--api", host.api, *arguments]
    call_command(*command, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def test_import_prints_what_it_made(host: Host, download: Download) -> None:
    text = run(host, "--to", "tool")
    assert "Created: v1.0.1" in text
    assert "3 releases listed, 3 created, 0 updated, 0 failed. 4 files were added" in text
    assert Version.objects.filter(download=download, state="published").count() == 3
    assert "Present: v1.0.1" in run(host, "--to", "tool")


def test_dry_run_prints_the_plan_and_makes_nothing(host: Host, download: Download) -> None:
    text = run(host, "--to", "tool", "--dry-run")
    assert "To be created: v1.0.1 (2 files, 300" in text
    assert "Nothing was imported" in text
    assert not Version.objects.exists()


def test_dry_run_of_a_download_to_be_created_makes_nothing(host: Host) -> None:
    make_category(slug="apps")
    make_user("ada")
    host.releases[1].tag = "\u2603"
    output = io.StringIO()
    words = ("--to", "tool", "--dry-run", "--create", "apps", "--owner", "ada")
    with pytest.raises(CommandError, match="1 releases cannot be imported") as raised:
        call_command("import", "github", "acme/tool", "--api", host.api, *words, stdout=output)
    assert raised.value.returncode == 3
    assert "To be created: v1.0.0 (1 file, 300" in output.getvalue()
    assert "3 releases listed. The download tool was not created." in output.getvalue()
    assert not Download.objects.exists()
    assert not ImportSource.objects.exists()
    host.needs_token = True
    with pytest.raises(CommandError, match="hides it without a token"):
        run(host, *words)


def test_interrupted_dry_run_does_not_stand_in_the_way(host: Host, source: ImportSource) -> None:
    ImportRun.objects.create(source=source, is_dry_run=True)
    run(host, "--to", "tool")
    assert Version.objects.count() == 3


def test_conflicts_are_printed_and_give_the_code_3(host: Host, download: Download) -> None:
    make_file(make_version(download, "1.0.0"), name="tool.bin", content=b"other")
    output = io.StringIO()
    with pytest.raises(CommandError, match="1 releases were not imported") as raised:
        call_command("import", "github", "acme/tool", "--api", host.api, "--to", "tool", stdout=output)
    assert raised.value.returncode == 3
    assert "In conflict: v1.0.0 (The file tool.bin has 300 bytes at the source and 5 bytes here.)" in output.getvalue()


def test_refused_source_is_an_error(host: Host, download: Download) -> None:
    host.needs_token = True
    with pytest.raises(CommandError, match="hides it without a token") as raised:
        run(host, "--to", "tool")
    assert raised.value.returncode == 1


def test_token_comes_from_a_file_or_a_variable(
    host: Host, download: Download, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.needs_token = True
    secret = tmp_path / "token"
    secret.write_text(f"{TOKEN}\n")
    run(host, "--to", "tool", "--token-file", str(secret))
    assert settings_of(ImportSource.objects.get()).token == TOKEN
    ImportSource.objects.all().delete()
    monkeypatch.setenv("RELEASEHUB_IMPORT_TOKEN", TOKEN)
    run(host, "--to", "tool")
    with pytest.raises(CommandError, match="cannot be read"):
        run(host, "--to", "tool", "--token-file", str(tmp_path / "absent"))


def test_wait_that_the_source_asks_for_is_waited(
    host: Host, download: Download, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        ImportRun.objects.update(not_before=None)

    monkeypatch.setattr("time.sleep", sleep)
    host.refusals = [(429, {"Retry-After": "90"})]
    run(host, "--to", "tool")
    assert len(waits) == 1
    assert 60 < waits[0] <= 90
    assert Version.objects.count() == 3


def test_download_is_created_on_request(host: Host) -> None:
    category = make_category("Tools")
    owner = make_user("ann")
    with pytest.raises(CommandError, match="Add --create"):
        run(host, "--to", "mirror")
    with pytest.raises(CommandError, match="Name the owner"):
        run(host, "--to", "mirror", "--create", category.slug)
    run(host, "--to", "mirror", "--create", category.slug, "--owner", "ann")
    made = Download.objects.get(slug="mirror")
    assert (made.owner, made.version_count) == (owner, 3)


def test_settings_stay_until_they_are_given_again(host: Host, download: Download) -> None:
    run(host, "--to", "tool", "--sync", "--newest", "1", "--when-removed", "yank", "--no-prereleases")
    run(host, "--to", "tool")
    source = ImportSource.objects.get()
    assert (source.sync_hours, source.newest_only, source.when_removed) == (24, 1, "yank")
    assert (source.has_prereleases, source.runs_as_system) == (False, True)
    run(host, "--to", "tool", "--sync", "0", "--newest", "0")
    source.refresh_from_db()
    assert (source.sync_hours, source.next_sync_at, source.newest_only) == (0, None, None)


def test_user_imports_with_their_own_rights(host: Host, download: Download) -> None:
    make_user("eve")
    with pytest.raises(CommandError, match="permission"):
        run(host, "--to", "tool", "--as", "eve")
    with pytest.raises(CommandError, match="No active user"):
        run(host, "--to", "tool", "--as", "nobody")
    run(host, "--to", "tool", "--as", download.owner.username)
    assert set(Version.objects.values_list("author__username", flat=True)) == {download.owner.username}


@pytest.mark.parametrize("arguments", [["import"], ["import", "nowhere"], ["import", "github", "acme/tool"]])
def test_wrong_usage_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises((CommandError, SystemExit)):
        call_command(*arguments)


def test_help_names_every_source(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        call_command("import", "--help")
    text = capsys.readouterr().out
    assert all(name in text for name in ("github", "gitea", "gitlab", "releasehub", "directory"))


def test_interrupt_stops_the_run(host: Host, download: Download, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*args: Any, **options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("releasehub.importing.carrying_out.inspect_file", interrupt)
        with pytest.raises(CommandError, match="Repeat the command") as raised:
            run(host, "--to", "tool")
    assert raised.value.returncode == 130
    run(host, "--to", "tool")
    assert Version.objects.count() == 3
