"""The read-only mode: reads work, changes are refused in the format of each dialect, and SQLite refuses the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.core.management import call_command
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client

from downloads.models import Download
from files.blobs import keep_upload
from files.models import Blob, DownloadGrant
from releasehub.apikeys.models import ApiKey
from releasehub.core import read_only as mode
from releasehub.core.database_errors import READ_ONLY_REFUSAL, domain_error_of
from releasehub.core.errors import ReadOnly
from releasehub.distribution.access_keys import issue_access_key
from releasehub.operations import read_only
from releasehub.server.celery import app
from tests.conftest import begin_with
from tests.factories import make_file, make_key, make_user, make_version, stage, system

pytestmark = pytest.mark.django_db
needs_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="Only SQLite can be moved to another database.")

REQUESTS = {
    "/api/mc-dm-versions/": lambda body: body["errors"][0]["code"],
    "/v3/releases": lambda body: body["code"],
    "/version": lambda body: body["error"],
    "/api/entities": lambda body: body["error"],
    "/api/uploads/": lambda body: body["errors"][0]["code"],
}


@pytest.fixture(autouse=True)
def checked_at_once(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.READ_ONLY_CHECK_SECONDS = 0
    yield
    mode._Mode.read_again_at = None


@pytest.fixture
def switched_on() -> None:
    read_only.switch_on("a test")


@pytest.mark.parametrize("path", REQUESTS)
def test_change_is_refused_in_the_format_of_the_dialect(switched_on: None, path: str, api: Any) -> None:
    response = api(make_key()).send("POST", path)
    assert response.status_code == 503
    assert response["Retry-After"] == str(mode.RETRY_AFTER_SECONDS)
    assert REQUESTS[path](response.json()).lower().endswith("read_only")


def test_form_of_a_page_is_refused_with_a_page(switched_on: None) -> None:
    response = Client().post("/account/sign-in/", {"login": "x", "password": "y"})
    assert response.status_code == 503
    assert response["Retry-After"]
    assert "accepts no changes" in response.content.decode()


def build() -> Any:
    return make_file(make_version(state="published", files=0))


@begin_with(build)
def test_reads_work_and_are_not_counted(world: Any, switched_on: None, api: Any) -> None:
    key = make_key()
    read_only.switch_on("a test")
    download = world.version.download
    for path in ("/", f"/downloads/{download.slug}/", f"/d/{download.slug}/{world.version.number}/{world.filename}"):
        response = Client().get(path)
        assert response.status_code in {200, 302}, path
        response.close()
    assert api(key).get("/api/mc-dm-downloads/").status_code == 200
    assert not DownloadGrant.objects.exists()
    assert ApiKey.objects.get().last_used_at is None


def test_changes_are_accepted_again(switched_on: None, api: Any) -> None:
    call_command("read_only", "off")
    assert api(make_key()).send("POST", "/v3/releases").status_code != 503


def test_mode_ends_for_processes_with_the_new_storage(settings: Any) -> None:
    read_only.switch_on("a test", ends_with_storage="s3")
    settings.STORAGE_KIND = "local"
    assert mode.is_read_only()
    settings.STORAGE_KIND = "s3"
    assert not mode.is_read_only()


def test_background_tasks_wait(switched_on: None, monkeypatch: pytest.MonkeyPatch) -> None:
    app.loader.import_default_modules()
    task, runs = app.tasks["webhooks.sweep"], []
    monkeypatch.setattr(task, "run", lambda: runs.append(1))
    task()
    assert runs == []
    read_only.switch_off()
    task()
    assert runs == [1]


def test_no_bytes_are_stored_in_the_old_storage(switched_on: None) -> None:
    upload = stage(b"late bytes")
    with pytest.raises(ReadOnly):
        keep_upload(upload)
    assert not Blob.objects.filter(sha256=upload.digests.sha256).exists()


def test_mode_is_not_read_for_every_request_while_the_database_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    reads = []

    def fail() -> bool:
        reads.append(1)
        raise OperationalError("connection refused")

    monkeypatch.setattr(mode._Mode, "source", fail)
    assert [mode.is_read_only() for _ in range(3)] == [False] * 3
    assert len(reads) == 1


@needs_sqlite
def test_fence_refuses_every_change_until_the_mode_ends() -> None:
    user = make_user("owner")
    read_only.switch_on("a test")
    read_only.fence()
    read_only.fence()
    with pytest.raises(IntegrityError, match=READ_ONLY_REFUSAL) as refused, transaction.atomic():
        type(user).objects.filter(pk=user.pk).update(first_name="Late")
    assert isinstance(domain_error_of(refused.value), ReadOnly)
    read_only.switch_off()
    assert type(user).objects.filter(pk=user.pk).update(first_name="Late") == 1
    assert mode.is_read_only() is False


@needs_sqlite
@begin_with(build)
def test_share_link_starts_a_session_behind_the_fence(
    world: Any, switched_on: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    download = world.version.download
    Download.objects.update(visibility="private")
    _, secret = issue_access_key(actor=system(), download=download, name="Testers")
    # Django tries new keys without end if the database refuses a session.
    keys = iter(["a" * 32, "b" * 32])
    monkeypatch.setattr(SessionBase, "_get_new_session_key", lambda session: next(keys))
    read_only.fence()
    try:
        response = Client().get(f"/share/{secret}", follow=True)
    finally:
        read_only.remove_fence()
    assert response.status_code == 200
