"""Links: looked at by a worker through the guarded client, against servers of this test only."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from files.models import File
from files.names import fold_name
from files.services import link_file, upload_limit
from files.storage import blob_storage
from files.uploads.external import probe_link
from files.uploads.github_assets import github_asset
from files.uploads.tasks import sweep_uploads
from releasehub.core.errors import Rejected
from tests.factories import make_category, make_download, make_file, make_version, system
from versions.services import update_version

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("run_tasks")]  # the sweep leaves links to another task
BYTES = b"MZ" + bytes(range(256)) * 20


class Host(BaseHTTPRequestHandler):
    """Answers as file hosts do, and notes who came."""

    seen: list[str]

    def do_GET(self) -> None:
        self.seen.append(self.path)
        port = self.server.server_address[1]
        if self.path == "/tool.exe":
            self.reply(200, BYTES)
        elif self.path == "/moved":
            self.reply(302, b"", Location=f"http://127.0.0.1:{port}/tool.exe")
        elif self.path == "/inside":
            self.reply(302, b"", Location=f"http://127.0.0.2:{port}/tool.exe")
        elif self.path == "/cut":
            self.reply(200, BYTES[:100], length=len(BYTES))
        elif self.path == "/broken":
            self.reply(503, b"")
        elif self.path == "/bad.zip":
            self.reply(200, b"no zip at all" * 9)
        elif self.path == "/repos/o/r/releases/assets/77":
            body = {"browser_download_url": f"http://127.0.0.1:{port}/tool.exe", "name": "tool.exe"}
            self.reply(200, json.dumps(body).encode())
        else:
            self.reply(404, b"{}")

    def reply(self, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def host(settings: Any) -> Iterator[Any]:
    handler = type("Seen", (Host,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    server.url = f"http://127.0.0.1:{server.server_address[1]}"  # type: ignore[attr-defined]
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.1/32"]
    settings.GITHUB_API = server.url  # type: ignore[attr-defined]
    yield server
    server.shutdown()
    server.server_close()


def linked(url: str, **fields: Any) -> File:
    """After the worker looked."""
    file = link_file(actor=system(), version=make_version(), url=url, **fields)
    assert file.validation_status == "pending"
    File.objects.update(updated_at=timezone.now() - timedelta(minutes=1))
    sweep_uploads()
    return File.objects.select_related("blob", "version").get(pk=file.pk)


@pytest.mark.embedded
@pytest.mark.parametrize("path", ["/tool.exe", "/moved"])
def test_link_is_probed_and_stays_external(host: Any, path: str) -> None:
    file = linked(host.url + path)
    assert (file.validation_status, file.size_bytes, file.blob) == ("passed", len(BYTES), None)
    assert file.external_sha256 == hashlib.sha256(BYTES).hexdigest()
    assert "executable" in file.external_type or "msdownload" in file.external_type
    assert file.version.file_count == 1


@pytest.mark.parametrize("wants_copy", [False, True])
def test_declared_md5_is_compared(host: Any, wants_copy: bool) -> None:
    right = hashlib.md5(BYTES).hexdigest().upper()  # noqa: S324 - what the contract has
    for said, status in ((right, "passed"), ("0" * 32, "failed"), ("sha1:whatever", "passed")):
        file = linked(host.url + "/tool.exe", wants_copy=wants_copy, declared_checksum=said)
        assert file.validation_status == status
    assert not File.objects.get(declared_checksum=right).findings


def test_copied_link_is_served_by_the_hub(host: Any) -> None:
    file = linked(host.url + "/tool.exe", wants_copy=True)
    assert file.blob is not None
    assert file.validation_status == "passed"
    with blob_storage().open(file.blob.storage_key) as stored:
        assert stored.read() == BYTES


def test_copied_link_is_inspected(host: Any) -> None:
    file = linked(host.url + "/bad.zip", wants_copy=True)
    assert file.validation_status == "failed"
    assert file.findings


@pytest.mark.embedded
@pytest.mark.parametrize(("path", "code"), [("/absent", "link.status"), ("/inside", "link.refused")])
def test_unreachable_link_fails_with_a_reason(host: Any, path: str, code: str) -> None:
    file = linked(host.url + path)
    assert (file.validation_status, file.findings[0]["code"]) == ("failed", code)


@pytest.mark.embedded
@pytest.mark.parametrize("path", ["/broken", "/cut"])
@pytest.mark.parametrize("wants_copy", [False, True])
def test_unreachable_link_is_retried_for_an_hour(host: Any, path: str, wants_copy: bool) -> None:
    file = linked(host.url + path, wants_copy=wants_copy)
    assert file.validation_status == "pending"
    File.objects.update(created_at=timezone.now() - timedelta(hours=2))
    sweep_uploads()
    file.refresh_from_db()
    assert (file.validation_status, file.findings[0]["code"]) == ("failed", "link.unreachable")


def test_private_address_is_never_connected_to(host: Any, settings: Any) -> None:
    settings.WEBHOOK_ALLOW_NETS = []
    file = linked(host.url + "/tool.exe")
    assert (file.validation_status, host.RequestHandlerClass.seen) == ("failed", [])


def test_large_file_behind_a_link_is_refused(host: Any, settings: Any) -> None:
    settings.MAX_FILE_BYTES = 100
    for wants_copy in (False, True):
        file = linked(host.url + "/tool.exe", wants_copy=wants_copy)
        assert (file.validation_status, file.findings[0]["code"]) == ("failed", "link.too_large")


@pytest.mark.embedded
@pytest.mark.parametrize("wants_copy", [False, True])
@pytest.mark.parametrize(
    ("site", "category", "status"), [(100, None, "failed"), (100, 0, "passed"), (0, 100, "failed"), (0, None, "passed")]
)
def test_limit_of_the_category_is_equal_for_links_and_uploads(
    host: Any, settings: Any, site: int, category: int | None, status: str, wants_copy: bool
) -> None:
    settings.MAX_FILE_BYTES = site
    version = make_version(make_download(category=make_category(max_file_bytes=category)))
    limit = upload_limit(version)
    file = link_file(actor=system(), version=version, url=host.url + "/tool.exe", wants_copy=wants_copy)
    assert probe_link(file.pk) == status
    assert (limit == 0 or limit > len(BYTES)) is (status == "passed")


def test_asset_number_is_resolved_to_its_url(host: Any) -> None:
    version = make_version()
    update_version(actor=system(), version=version, release_page_url="https://github.com/o/r/releases/tag/v1.0")
    file = link_file(actor=system(), version=version, reference="77", filename="tool.exe")
    File.objects.update(updated_at=timezone.now() - timedelta(minutes=1))
    sweep_uploads()
    file.refresh_from_db()
    assert (file.validation_status, file.external_url) == ("passed", host.url + "/tool.exe")
    assert file.external_sha256 == hashlib.sha256(BYTES).hexdigest()


def asset(**fields: Any) -> File:
    """Number 77 of a release page, after the worker looked."""
    version = make_version(release_page_url="https://github.com/o/r/releases/tag/v1.0")
    for name in fields.pop("beside", ()):
        make_file(version, name=name)
    file = link_file(actor=system(), version=version, reference="77", **fields)
    File.objects.update(updated_at=timezone.now() - timedelta(minutes=1))
    sweep_uploads()
    file.refresh_from_db()
    return file


@pytest.mark.parametrize("wants_copy", [False, True])
def test_asset_is_renamed_after_lookup(host: Any, wants_copy: bool) -> None:
    file = asset(wants_copy=wants_copy)
    assert (file.validation_status, file.filename, file.folded_name) == ("passed", "tool.exe", fold_name("tool.exe"))
    assert file.external_sha512 == hashlib.sha512(BYTES).hexdigest()


def test_asset_whose_name_is_taken_fails(host: Any) -> None:
    file = asset(beside=["TOOL.exe"])
    assert (file.validation_status, file.findings[0]["code"]) == ("failed", "link.name")


def test_asset_of_a_refused_type_fails(host: Any, settings: Any) -> None:
    settings.REFUSED_EXTENSIONS = {"exe"}
    file = asset()
    assert (file.validation_status, file.findings[0]["code"]) == ("failed", "link.name")


@pytest.mark.embedded
@pytest.mark.parametrize("wants_copy", [False, True])
@pytest.mark.parametrize(("declared", "status"), [(BYTES, "passed"), (b"others", "failed")])
def test_declared_digest_of_a_link_is_compared(host: Any, declared: bytes, status: str, wants_copy: bool) -> None:
    file = asset(external_sha512=hashlib.sha512(declared).hexdigest(), wants_copy=wants_copy)
    assert file.validation_status == status
    assert [finding["code"] for finding in file.findings] == (["link.digest"] if status == "failed" else [])


def test_declared_digest_is_compared_however_large_the_file(host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("files.uploads.link_reading.MAX_DIGESTED_BYTES", 10)
    monkeypatch.setattr("files.uploads.link_reading.HEAD_BYTES", len(BYTES))
    assert asset().external_sha512 == ""
    assert asset(external_sha512="0" * 128).validation_status == "failed"


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("page", "number"),
    [
        ("https://github.com/o/r/releases/tag/v1", "78"),
        ("https://github.com/o/r/releases/tag/v1", "77/../../secrets"),
        ("https://evil.example/o/r/releases/tag/v1", "77"),
        ("https://github.com/o/../r/releases/tag/v1", "77"),
    ],
)
def test_invalid_reference_is_reported(host: Any, page: str, number: str) -> None:
    from files.uploads.link_limits import BadLink

    with pytest.raises(BadLink):
        github_asset(page, number)


def test_category_without_links_refuses_them() -> None:
    from downloads.services import update_category

    version = make_version()
    update_category(actor=system(), category=version.download.category, allows_external_links=False)
    version = type(version).objects.select_related("download__category").get(pk=version.pk)
    with pytest.raises(Rejected):
        link_file(actor=system(), version=version, url="https://example.com/x.zip")
