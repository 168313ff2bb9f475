"""Pure rules, and the imports of the package."""

from __future__ import annotations

import ast
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
from packaging.requirements import Requirement

import releasehub_cli
from releasehub_cli import systems
from releasehub_cli.changelogs import section_of
from releasehub_cli.errors import CliError
from releasehub_cli.localfiles import find_files
from releasehub_cli.names import contradicting_version, kind_of, target_of
from releasehub_cli.network import http_client, redact_url, tls_context, unreachable
from releasehub_cli.output import human_bytes, human_seconds
from releasehub_cli.parallel import WorkQueue
from releasehub_cli.publish_request import display_order
from releasehub_cli.responses import json_object
from releasehub_cli.retrying import Backoff, retry_after
from releasehub_cli.shapes import FileRow
from releasehub_cli.systems import ClientSystem, best_file, requested_system

pytestmark = pytest.mark.embedded
PACKAGE = Path(releasehub_cli.__file__).parent


@pytest.mark.parametrize(
    ("name", "platform", "architecture"),
    [
        ("tool-1.5.0-linux-x64.tar.gz", "linux", "x64"),
        ("tool_1.5.0_Linux_x86_64.tar.gz", "linux", "x64"),
        ("tool-x86_64-unknown-linux-gnu.tar.xz", "linux", "x64"),
        ("tool-aarch64-apple-darwin.zip", "macos", "arm64"),
        ("tool-i686-pc-windows-msvc.zip", "windows", "x86"),
        ("tool-win32.zip", "windows", "x86"),
        ("tool-win32-x64.zip", "windows", "x64"),
        ("tool-win64.zip", "windows", "x64"),
        ("Tool-Setup-1.0.exe", "windows", ""),
        ("tool_1.0_amd64.deb", "linux", "x64"),
        ("tool-osx-universal.dmg", "macos", "universal"),
        ("tool-armv7.apk", "android", "armv7"),
        ("tool-ios.ipa", "ios", ""),
        ("tool-linux-x86.tar.gz", "linux", "x86"),
        ("tool-1.5.0.tar.gz", "", ""),
        ("winner-darwinism-biosphere.zip", "", ""),
        ("tool-linux-and-windows.zip", "", ""),
        ("tool-linux-x64.tar.gz.sig", "", ""),
        ("SHA256SUMS", "", ""),
    ],
)
def test_platform_and_architecture_are_read_from_the_name(name: str, platform: str, architecture: str) -> None:
    assert target_of(name) == (platform, architecture)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("tool.tar.gz", "package"),
        ("tool.tar.gz.asc", "signature"),
        ("tool.spdx.json", "sbom"),
        ("tool.zip.sha256", "other"),
        ("SHA256SUMS", "other"),
    ],
)
def test_kind_is_read_from_the_name(name: str, kind: str) -> None:
    assert kind_of(name) == kind


@pytest.mark.parametrize(
    ("name", "number", "stated"),
    [
        ("tool-1.2.0.tar.gz", "2.0.0", "1.2.0"),
        ("tool-1.2.0.tar.gz", "1.2.0", ""),
        ("tool-1.2.0.tar.gz", "v1.2.0", ""),
        ("tool_v01.2.0+build7_amd64.deb", "1.2.0+build7", ""),
        ("tool-2.0.0-macos-14.0.1.zip", "2.0.0", ""),
        ("tool-macos-10.15.zip", "2.0.0", ""),
        ("tool-1.5.0-py3.12-none-any.whl", "1.5.0", ""),
        ("tool-2.0.0-rc.1-linux.zip", "2.0.0", "2.0.0-rc1"),
        ("tool-2.0.0rc1.tar.gz", "2.0.0-rc.2", "2.0.0-rc1"),
        ("tool-2.0.0-rc.1.tar.gz", "2.0.0-rc.1", ""),
        ("tool-2.0.0.tar.gz", "2.0.0-rc.1", ""),
        ("tool-linux-x64.tar.gz", "2.0.0", ""),
        ("tool-20240101.zip", "2", ""),
        ("1." * 120 + "zip", "1.2.3", ""),
    ],
)
def test_name_that_states_another_version_is_found(name: str, number: str, stated: str) -> None:
    assert contradicting_version(name, number) == stated


def row(name: str, platform: str = "", architecture: str = "", **extra: Any) -> FileRow:
    made: dict[str, Any] = {"filename": name, "platform": platform, "architecture": architecture, "is_primary": False}
    return cast("FileRow", {"validation_status": "passed", "kind": kind_of(name)} | made | extra)


LINUX, DARWIN = row("linux.tgz", "linux", "x86_64"), row("mac.dmg", "Darwin", "universal")
JAR, WINDOWS = row("any.jar"), row("win.zip", "windows", "x64", is_primary=True)
SUMS = row("SHA256SUMS")
# What GoReleaser and cargo-dist upload for one system.
BUILDS = tuple(
    row(f"tool_1.2.3_linux_amd64{rest}", "linux", "x64")
    for rest in ("-debug.tar.gz", ".apk", ".deb", ".pkg.tar.zst", ".rpm", ".tar.gz")
)


@pytest.mark.parametrize(
    ("files", "system", "name"),
    [
        ((WINDOWS, LINUX, JAR), ClientSystem("linux", "x64"), "linux.tgz"),
        ((WINDOWS, LINUX, JAR), ClientSystem("linux", "arm64"), "any.jar"),
        ((WINDOWS, LINUX, DARWIN), ClientSystem("macos", "arm64"), "mac.dmg"),
        ((WINDOWS, LINUX, SUMS), ClientSystem("freebsd", "x64"), None),
        ((WINDOWS, JAR), ClientSystem(), "win.zip"),
        ((row("arm64.tgz", "linux", "arm64"), LINUX), ClientSystem("linux"), "linux.tgz"),
        ((row("armv6.tgz", "linux", "armv6"), LINUX), ClientSystem("linux", "armv7"), "armv6.tgz"),
        (BUILDS, ClientSystem("linux", "x64"), "tool_1.2.3_linux_amd64.tar.gz"),
        ((row("tool_checksums.txt"), *BUILDS), ClientSystem("freebsd"), None),
        ((row("broken.zip", "linux", validation_status="failed"),), ClientSystem("linux", "x64"), None),
    ],
)
def test_file_for_a_system_is_never_a_file_for_another_system(
    files: tuple[FileRow, ...], system: ClientSystem, name: str | None
) -> None:
    found = best_file(files, system)
    assert (found and found["filename"]) == name


def test_builds_for_most_machines_come_first(tmp_path: Path) -> None:
    names = ("tool-linux-arm64.tgz", "tool-linux-armv6.tgz", "tool-linux-x64.tgz", "tool-macos-x64.tgz", "SHA256SUMS")
    for name in names:
        (tmp_path / name).touch()
    order = display_order(find_files([str(tmp_path)]))
    assert sorted(order, key=lambda name: order[name]) == [names[2], names[0], names[1], names[3], names[4]]


@pytest.mark.parametrize(
    ("machine", "python", "words", "system"),
    [
        ("x86_64", "linux", ("auto", ""), ClientSystem("linux", "x64")),
        ("AMD64", "win32", ("auto", ""), ClientSystem("windows", "x64")),
        ("arm64", "darwin", ("", ""), ClientSystem("macos", "arm64")),
        ("amd64", "freebsd14", ("auto", ""), ClientSystem("freebsd", "x64")),
        ("ppc64le", "linux", ("auto", ""), ClientSystem("linux", "ppc64le")),
        ("aarch64", "linux", ("linux", ""), ClientSystem("linux", "arm64")),
        ("aarch64", "linux", ("win64", ""), ClientSystem("windows", "")),
        ("aarch64", "linux", ("osx-x86_64", ""), ClientSystem("macos", "x64")),
        ("aarch64", "linux", ("linux", "any"), ClientSystem("linux", "")),
        ("aarch64", "linux", ("auto", "amd64"), ClientSystem("linux", "x64")),
        ("aarch64", "linux", ("any", ""), ClientSystem("", "")),
    ],
)
def test_system_is_that_of_this_machine_unless_options_name_another(
    monkeypatch: pytest.MonkeyPatch, machine: str, python: str, words: tuple[str, str], system: ClientSystem
) -> None:
    monkeypatch.setattr(systems, "machine", lambda: machine)
    monkeypatch.setattr(systems.sys, "platform", python)
    assert requested_system(*words) == system


@pytest.mark.parametrize(
    ("changelog", "section"),
    [
        ("# v1.5.0\nA\n## Fixed\nB\n# 1.4.0\nC", "A\n## Fixed\nB"),
        ("1.5.0\n=====\n\nA\n\n1.4.0\n=====\n\nB", "A"),
        ("## [1.5.0](https://example.com/compare/v1.4.0...v1.5.0) (2026-01-31)\n\nA", "A"),
        ("## 1.5.0\n```sh\n# a comment\n```\nA\n## 1.4.0", "```sh\n# a comment\n```\nA"),
        ("- 1.5.0\n---\n## 1.5.0\nA", "A"),
        ("## 1.5.0", ""),
    ],
)
def test_section_of_a_version_ends_with_the_next_heading_of_its_level(changelog: str, section: str) -> None:
    assert section_of(changelog, "v1.5.0", "CHANGELOG.md") == section


def test_queue_hands_out_smaller_batches_towards_the_end() -> None:
    queue = WorkQueue(range(100), workers=4, max_batch=8)
    batches = []
    while batch := queue.take():
        batches.append(batch)
    assert [item for batch in batches for item in batch] == list(range(100))
    assert (len(batches[0]), len(batches[-1])) == (8, 1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("99999", 300),
        ("", 0),
        ("soon", 0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0),
        ("Wed, 21 Oct 99999999999999999999 07:28:00 GMT", 0),
    ],
)
def test_retry_after_is_parsed(text: str, seconds: float) -> None:
    assert retry_after(httpx.Response(429, headers={"Retry-After": text})) == seconds


def test_backoff_waits_at_least_as_long_as_the_server_demands() -> None:
    waits: list[float] = []

    class Stop(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            waits.append(timeout or 0.0)
            return False

    backoff = Backoff(3, Stop())
    backoff.wait(7.0)
    backoff.wait()
    assert waits[0] == 7.0
    assert 0 < waits[1] < 7.0
    assert not backoff.is_used_up
    backoff.wait()
    assert backoff.is_used_up


def test_sizes_and_durations_are_readable() -> None:
    assert [human_bytes(count) for count in (0, 1023, 1536, 5 * 1024**3)] == ["0 B", "1023 B", "1.5 KiB", "5.0 GiB"]
    assert [human_seconds(count) for count in (5, 95, 3725)] == ["0:05", "1:35", "1:02:05"]


def test_empty_path_does_not_stand_for_the_working_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secret.txt").write_text("not to be published")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CliError, match="A path is empty"):
        find_files([""])


def test_link_without_its_file_is_not_left_out_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "tool.bin").write_bytes(b"data")
    (tmp_path / "missing.bin").symlink_to("nowhere")
    for pattern in (tmp_path, tmp_path / "*", tmp_path / "missing.bin"):
        with pytest.raises(CliError, match=r"Cannot read .*missing.bin"):
            find_files([str(pattern)])


@pytest.mark.parametrize(
    ("variable", "value"), [("ALL_PROXY", "socks5://127.0.0.1:9"), ("HTTP_PROXY", "ftp://p:1"), ("NO_PROXY", "[::1]")]
)
def test_unusable_proxy_settings_are_named(variable: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "socksio", None)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv(variable, value)
    with pytest.raises(CliError) as refusal:
        http_client(httpx.Timeout(1))
    assert refusal.value.code == "bad_proxy"


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_unreadable_certificates_are_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for other in ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, "/no/such.pem")
    with pytest.raises(CliError, match=rf"^{name} is /no/such\.pem"):
        tls_context.__wrapped__()


def test_private_certificate_authority_is_explained() -> None:
    error = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed")
    assert "SSL_CERT_FILE" in unreachable("https://hub.example", error).hint


def test_failure_behind_a_proxy_names_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    assert "HTTPS_PROXY" in unreachable("https://hub.example", httpx.ConnectError("refused")).hint


def test_page_that_does_not_exist_is_blamed_on_the_url_of_the_hub() -> None:
    with pytest.raises(CliError) as refusal:
        json_object(httpx.Response(404, text="<html>"), "https://hub.example/path", has_key=True)
    assert "may not be the URL of a hub" in refusal.value.hint


def test_result_that_the_encoding_of_stdout_lacks_is_escaped() -> None:
    script = "from releasehub_cli.output import *; prepare_streams(); Output().result({}, 'tool 🎉')"
    shown = subprocess.run(
        [sys.executable, "-c", script],
        env={"PYTHONIOENCODING": "latin-1", "PYTHONPATH": str(PACKAGE.parent)},
        capture_output=True,
        check=True,
    )
    assert shown.stdout.strip() == rb"tool \U0001f389"


def test_printed_urls_have_no_signature() -> None:
    assert (
        redact_url(f"https://user@store.example:9000/a/{'x' * 60}?X-Signature=y#z") == "https://store.example:9000/a/…"
    )
    assert redact_url("http://hub/api/uploads/") == "http://hub/api/uploads/"


def declared_dependencies() -> set[str]:
    project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text())["project"]
    return {Requirement(line).name for line in project["dependencies"]}


def test_client_imports_only_what_its_distribution_declares() -> None:
    allowed = set(sys.stdlib_module_names) | declared_dependencies()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                assert not node.level
                names = [str(node.module)]
            for name in names:
                assert name.split(".")[0] in allowed or name.startswith("releasehub_cli"), (path, name)


def test_client_starts_without_django_and_celery() -> None:
    code = "import sys, releasehub_cli.app; sys.exit(bool({'django', 'celery'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=PACKAGE.parent, check=False).returncode == 0
