"""Behavior of the mc-dm dialect beyond the shapes: lists, verbosity, repeated requests, ETags, and invalid input."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext

from downloads.services import update_download
from files.models import Blob, File
from files.names import InvalidName, clean_name
from files.storage import LocalStorage
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import system_actor
from releasehub.core.errors import StorageUnavailable
from releasehub.webhooks.models import Event
from tests.conftest import ApiClient, begin_with, for_each
from tests.corpus import cases_of, one_of_each, shape_of
from tests.factories import make_category, make_download, make_file, make_key, make_prefix, make_user, make_version
from tests.undoing import undone
from versions.models import Version
from versions.numbering import InvalidNumber, parse

# What separates or ends a part of the header that has the name, so that a parser could misread it.
DELIMITERS = '"\\/;%\r\n\0'
NAMES = one_of_each(
    [
        case | {"shape": (shape_of(case["name"]), *(char in case["name"] for char in DELIMITERS))}
        for case in cases_of("bad_filenames")
    ],
    "class",
    "expect",
    "certain",
    "shape",
)
NUMBERS = one_of_each(cases_of("bad_versions"), "class", "dotted", "calver", "semver")
VERSION_FIELDS = [
    "version_id",
    "download_id",
    "version_string",
    "version_int",
    "release_notes",
    "changelog",
    "release_date",
    "is_published",
    "file_count",
    "download_count",
    "display_title",
    "primary_file_id",
]
DOWNLOAD_FIELDS = [
    "download_id",
    "category_id",
    "user_id",
    "title",
    "tag_line",
    "description",
    "view_url",
    "icon_url",
    "cover_url",
    "rating_avg",
    "rating_count",
    "review_count",
    "download_count",
    "view_count",
    "last_update",
    "created_date",
    "download_state",
    "prefix_id",
    "current_version_id",
]
FILE_FIELDS = [
    "file_id",
    "version_id",
    "filename",
    "display_label",
    "file_size",
    "file_hash",
    "mime_type",
    "is_primary",
    "is_externally_linked",
    "external_url",
    "validation_status",
    "display_order",
    "download_count",
    "display_name",
    "is_external",
    "is_link_only",
]
CATEGORY_FIELDS = [
    "category_id",
    "parent_category_id",
    "title",
    "description",
    "display_order",
    "download_count",
    "fa_icon",
    "icon_color",
    "view_url",
]


class Hub:
    def __init__(self) -> None:
        self.owner = make_user()
        self.client = ApiClient(make_key(self.owner))
        self.download = make_download(self.owner)

    def versions(self, query: str = "", client: ApiClient | None = None) -> Any:
        return (client or self.client).get(f"/api/mc-dm-versions/?download_id={self.download.pk}&{query}").json()

    def post(self, path: str, body: dict[str, Any], **options: Any) -> Any:
        return self.client.send("post", f"/api/mc-dm-{path}/", body, **options)


@pytest.fixture
def hub(world: Hub) -> Hub:
    return world


begin_with_hub = begin_with(Hub)
pytestmark = pytest.mark.django_db


def code(answer: Any) -> str:
    return str(answer.json()["errors"][0]["code"])


@pytest.mark.embedded
@begin_with_hub
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("downloads", DOWNLOAD_FIELDS),
        ("versions", VERSION_FIELDS),
        ("files", FILE_FIELDS),
        ("categories", CATEGORY_FIELDS),
    ],
)
def test_normal_verbosity_has_exactly_the_documented_fields(hub: Hub, kind: str, fields: list[str]) -> None:
    file = make_file(make_version(hub.download))
    query = f"download_id={hub.download.pk}&version_id={file.version.pk}"
    rows = hub.client.get(f"/api/mc-dm-{kind}/?{query}").json()[kind]
    assert list(rows[0]) == fields


@pytest.mark.embedded
@begin_with_hub
def test_full_verbosity_embeds_files_and_download(hub: Hub) -> None:
    make_file(make_version(hub.download, "1.4.0"), name="tool.zip")
    version = hub.versions("with=full")["versions"][0]
    assert [file["filename"] for file in version["Files"]] == ["tool.zip"]
    assert version["Download"]["current_version_id"] == version["version_id"]
    assert (version["can_edit"], version["version_int"]) == (True, 1004000000)


@pytest.mark.embedded
@begin_with_hub
@pytest.mark.parametrize(
    ("asked", "given"), [("0", 1), ("-1", 1), ("101", 100), ("7", 7), ("abc", 20), ("9" * 30, 100)]
)
def test_page_sizes_are_clamped(hub: Hub, asked: str, given: int) -> None:
    assert hub.versions(f"per_page={asked}")["pagination"]["per_page"] == given


@pytest.mark.embedded
@begin_with_hub
def test_page_past_the_end_is_empty(hub: Hub) -> None:
    make_version(hub.download)
    answer = hub.versions("page=99")
    assert (answer["versions"], answer["pagination"]["total"]) == ([], 1)


@begin_with_hub
def test_pages_hold_every_row_once(hub: Hub) -> None:
    for number in range(7):
        make_version(hub.download, f"1.{number}")
    seen = [row["version_string"] for page in (1, 2, 3) for row in hub.versions(f"per_page=3&page={page}")["versions"]]
    assert sorted(seen) == sorted(f"1.{number}" for number in range(7))


@begin_with_hub
def test_order_and_direction(hub: Hub) -> None:
    for number in ("1.2", "1.10", "1.9"):
        make_version(hub.download, number)
    rows = hub.versions("order=version_int&direction=asc")["versions"]
    assert [row["version_string"] for row in rows] == ["1.2", "1.9", "1.10"]
    assert hub.versions("order=nonsense") == hub.versions()


@begin_with_hub
def test_pre_releases_of_one_release_are_in_version_order(hub: Hub) -> None:
    for number in ("1.0.0-rc.9", "1.0.0-beta.2", "1.0.0-rc.10", "1.0.0", "1.0.0-alpha.1"):
        make_version(hub.download, number, channel="stable")
    rows = hub.versions("order=version_int&direction=asc")["versions"]
    order = ["1.0.0-alpha.1", "1.0.0-beta.2", "1.0.0-rc.9", "1.0.0-rc.10", "1.0.0"]
    assert [row["version_string"] for row in rows] == order


@begin_with_hub
def test_version_scheme_is_set_and_changed(hub: Hub) -> None:
    body = {"title": "Tool", "category_id": hub.download.category_id, "version_scheme": "build"}
    created = hub.post("downloads", body)
    pk = created.json()["download"]["download_id"]
    path = f"/api/mc-dm-downloads/{pk}/?with=full"
    assert hub.client.get(path).json()["download"]["version_scheme"] == "build"
    for number in ("1.0.0+1", "1.0.0+2"):
        assert hub.post("versions", {"download_id": pk, "version_string": number}).status_code == 200
    refused = hub.client.send("put", path, {"version_scheme": "semver"})
    error = refused.json()["errors"][0]
    assert (refused.status_code, error["params"]["field"]) == (409, "version_scheme")
    assert {"1.0.0+1", "1.0.0+2"} <= set(error["message"].split())
    assert hub.client.send("put", path, {"version_scheme": "no scheme"}).status_code == 400
    assert hub.client.send("put", path, {"version_scheme": ""}).status_code == 409
    assert hub.client.send("put", path, {"version_scheme": "build"}).status_code == 200


@begin_with_hub
def test_total_counts_only_what_the_caller_may_see(hub: Hub) -> None:
    make_version(hub.download, "1.0")
    make_version(hub.download, "2.0", state="draft")
    assert hub.versions()["pagination"]["total"] == 2
    assert hub.versions(client=ApiClient())["pagination"]["total"] == 1


@pytest.mark.embedded
@begin_with_hub
def test_parent_filter_is_required_except_for_super_user_keys(hub: Hub) -> None:
    make_version(hub.download)
    refused = hub.client.get("/api/mc-dm-versions/")
    assert (refused.status_code, code(refused)) == (400, "mc_dm_api_error.parent_filter_required")
    allowed = ApiClient(make_key(is_super_user=True)).get("/api/mc-dm-versions/")
    assert allowed.json()["pagination"]["total"] == 1


@begin_with_hub
def test_slug_filter_finds_a_renamed_download(hub: Hub) -> None:
    former = hub.download.slug
    update_download(actor=system_actor(), download=hub.download, slug="renamed")
    for slug in ("renamed", former):
        (row,) = hub.client.get(f"/api/mc-dm-downloads/?slug={slug}").json()["downloads"]
        assert row["download_id"] == hub.download.pk
    update_download(actor=system_actor(), download=hub.download, visibility="private")
    assert ApiClient().get(f"/api/mc-dm-downloads/?slug={former}").json()["downloads"] == []


@begin_with_hub
def test_since_is_strictly_newer_and_must_be_readable(hub: Hub) -> None:
    version = make_version(hub.download)
    moment = version.released_at.isoformat().replace("+00:00", "Z")
    assert hub.versions(f"since={moment}")["versions"] == []
    assert len(hub.versions("since=2020-01-01")["versions"]) == 1
    assert len(hub.versions("since=0145-07-18T12:07:02-16:52")["versions"]) == 1
    for since in ("yesterday", "9999-12-31T23:59:59Z"):
        assert hub.client.get(f"/api/mc-dm-versions/?download_id={hub.download.pk}&since={since}").status_code == 400


@begin_with_hub
def test_since_compares_whole_seconds_as_responses_show_them(hub: Hub) -> None:
    """A client that polls sends the `release_date` of the last version that it has seen."""
    Version.objects.filter(pk=make_version(hub.download).pk).update(released_at="2026-01-31T12:00:00.5Z")
    shown = hub.versions()["versions"][0]["release_date"]
    for since in (f"{shown}", "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.1Z", "2026-01-31T12:00:00.9Z"):
        assert hub.versions(f"since={since}")["versions"] == [], since
    for since in (f"{shown - 1}", "2026-01-31T11:59:59.9Z"):
        assert len(hub.versions(f"since={since}")["versions"]) == 1, since


@begin_with_hub
def test_embedded_counts_exclude_deleted_rows(hub: Hub) -> None:
    version = make_version(hub.download, files=2)
    file = File.objects.filter(version=version, is_primary=True).get()
    hub.client.send("delete", f"/api/mc-dm-files/{file.pk}/")
    row = hub.versions()["versions"][0]
    heir = File.objects.get(version=version)
    assert (row["file_count"], row["primary_file_id"]) == (1, heir.pk)


QUERIES = {
    "categories": {"default": 3, "full": 5},
    "downloads": {"default": 4, "full": 8},
    "versions": {"default": 3, "full": 7},
    "files": {"default": 4, "full": 4},
}


@dataclass
class HubWithRows:
    hub: Hub
    version: Version


def hub_with_rows(rows: int) -> HubWithRows:
    hub = Hub()
    version = make_version(hub.download)
    for _ in range(rows):
        make_category()
        make_prefix()
        make_file(make_version(make_download(hub.owner)))
        make_file(version)
        make_version(hub.download)
    return HubWithRows(hub, version)


SIZES = {"one row": partial(hub_with_rows, 1), "six rows": partial(hub_with_rows, 6)}


@pytest.mark.embedded
@pytest.mark.parametrize("verbosity", ["default", "full"])
@pytest.mark.parametrize("kind", list(QUERIES))
@pytest.mark.parametrize("ready", SIZES.values(), indirect=True, ids=list(SIZES), scope="module")
def test_query_count_of_lists_with_1_and_6_rows_is_equal(world: HubWithRows, kind: str, verbosity: str) -> None:
    hub, version = world.hub, world.version
    path = f"/api/mc-dm-{kind}/?download_id={hub.download.pk}&version_id={version.pk}&with={verbosity}&per_page=100"
    hub.client.get(path)
    with CaptureQueriesContext(connection) as queries:
        assert hub.client.get(path).status_code == 200
    assert len(queries) == QUERIES[kind][verbosity]


@pytest.mark.embedded
@begin_with_hub
def test_list_of_versions_takes_three_queries_for_owner_and_reader(hub: Hub) -> None:
    make_version(hub.download)
    path = f"/api/mc-dm-versions/?download_id={hub.download.pk}"
    for client in (hub.client, ApiClient(make_key())):
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).json()["pagination"]["total"] == 1
        assert len(queries) == 3


@pytest.mark.embedded
@begin_with_hub
def test_single_version_takes_three_queries_at_most(hub: Hub) -> None:
    version = make_version(hub.download)
    for client in (hub.client, ApiClient(make_key())):
        client.get(f"/api/mc-dm-versions/{version.pk}/")
        with CaptureQueriesContext(connection) as queries:
            client.get(f"/api/mc-dm-versions/{version.pk}/")
        assert len(queries) <= 3


@pytest.mark.embedded
@begin_with_hub
def test_creating_a_version_takes_nine_queries(hub: Hub) -> None:
    hub.post("versions", {"download_id": hub.download.pk, "version_string": "1.0"})
    with CaptureQueriesContext(connection) as queries:
        hub.post("versions", {"download_id": hub.download.pk, "version_string": "1.1"})
    assert len([query for query in queries if "SAVEPOINT" not in (query["sql"] or "")]) <= 9


@begin_with_hub
def test_same_idempotency_key_returns_the_stored_response(hub: Hub) -> None:
    body = {"download_id": hub.download.pk, "version_string": "1.0"}
    first, second = (hub.post("versions", body, headers={"Idempotency-Key": "a"}) for _ in range(2))
    assert first.content == second.content
    assert second["Idempotent-Replayed"] == "true"
    assert Version.objects.count() == 1


@begin_with_hub
def test_idempotency_key_with_another_body_is_422(hub: Hub) -> None:
    for number, status in (("1.0", 200), ("2.0", 422)):
        body = {"download_id": hub.download.pk, "version_string": number}
        assert hub.post("versions", body, headers={"Idempotency-Key": "a"}).status_code == status
    assert Version.objects.count() == 1


@begin_with_hub
def test_idempotency_replays_4xx_but_not_5xx(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    body = {"download_id": hub.download.pk, "version_string": "not/a/version"}
    answers = [hub.post("versions", body, headers={"Idempotency-Key": "a"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert "Idempotent-Replayed" in answers[1]
    good = {"download_id": hub.download.pk, "version_string": "1.0"}
    with monkeypatch.context() as broken:
        broken.setattr("releasehub.api.mc_dm.version_viewsets.create_version", lambda **kwargs: 1 / 0)
        assert hub.post("versions", good, headers={"Idempotency-Key": "b"}).status_code == 500
    assert hub.post("versions", good, headers={"Idempotency-Key": "b"}).status_code == 200


@begin_with_hub
def test_upload_is_repeated_without_a_second_file(hub: Hub) -> None:
    version = make_version(hub.download)
    for _ in range(2):
        data = {"version_id": version.pk, "file": SimpleUploadedFile("tool.bin", b"bytes")}
        answer = hub.client.post("/api/mc-dm-files/", data, headers={"Idempotency-Key": "f"})
        assert answer.status_code == 200
    assert (File.objects.count(), Blob.objects.count()) == (1, 1)


@begin_with_hub
def test_stale_if_match_is_412_and_a_fresh_one_works(hub: Hub) -> None:
    path = f"/api/mc-dm-versions/{make_version(hub.download).pk}/"
    tag = hub.client.get(path)["ETag"]
    assert hub.client.send("put", path, {"title": "A"}, headers={"If-Match": tag}).status_code == 200
    answer = hub.client.send("put", path, {"title": "B"}, headers={"If-Match": tag})
    assert (answer.status_code, code(answer)) == (412, "precondition_failed")


@pytest.mark.embedded
@begin_with_hub
def test_valid_request_id_is_echoed(hub: Hub) -> None:
    assert hub.client.get("/api/mc-dm-downloads/", headers={"X-Request-Id": "build-7"})["X-Request-Id"] == "build-7"
    assert hub.client.get("/api/mc-dm-downloads/", headers={"X-Request-Id": "a b"})["X-Request-Id"] != "a b"


@pytest.mark.embedded
@begin_with_hub
@pytest.mark.parametrize("place", ["query", "body"])
def test_hard_is_read_from_query_and_body(hub: Hub, place: str) -> None:
    version = make_version(hub.download)
    path = f"/api/mc-dm-versions/{version.pk}/"
    hub.client.send("delete", path + ("?hard=1" if place == "query" else ""), {"hard": "1"} if place == "body" else {})
    assert not Version.all_objects.filter(pk=version.pk).exists()


@pytest.mark.embedded
@begin_with_hub
def test_hard_without_its_scope_deletes_nothing(hub: Hub) -> None:
    version = make_version(hub.download)
    client = ApiClient(make_key(hub.owner, scopes=["mc_dm_download:write"]))
    assert client.send("delete", f"/api/mc-dm-versions/{version.pk}/?hard=1").status_code == 403
    assert Version.objects.filter(pk=version.pk).exists()


@pytest.mark.embedded
@begin_with_hub
@pytest.mark.parametrize("header", ["If-Match", "Idempotency-Key"])
def test_refused_hard_deletion_is_recorded_in_any_case(hub: Hub, header: str) -> None:
    version = make_version(hub.download)
    moderator = make_user(is_staff=True, permissions=("moderate_download",))
    client, path = ApiClient(make_key(moderator)), f"/api/mc-dm-versions/{version.pk}/"
    value = client.get(path)["ETag"] if header == "If-Match" else "a"
    assert client.send("delete", path, {"hard": True}, headers={header: value}).status_code == 403
    assert AuditEntry.objects.filter(action="hard_delete.refused", target_id=version.pk).count() == 1


@begin_with_hub
@pytest.mark.parametrize(
    ("data", "status", "expected"),
    [
        ({}, 422, "mc_dm_api_error.upload_required"),
        ({"file": 1, "external_url": "https://a.b/c"}, 422, "mc_dm_api_error.upload_exclusive"),
        ({"file": 1, "sha256": "0" * 64}, 422, "mc_dm_api_error.file_digest_differs"),
        ({"file": 1, "sha256": "xyz"}, 400, "invalid_input"),
        ({"external_url": "javascript:alert(1)"}, 400, "invalid_input"),
        ({"other": 1}, 400, "invalid_input"),
    ],
)
def test_refused_uploads_leave_nothing(
    hub: Hub, data: dict[str, Any], status: int, expected: str, tmp_path: Path, settings: Any
) -> None:
    body = {name: SimpleUploadedFile("x.bin", b"x") if value == 1 else value for name, value in data.items()}
    answer = hub.client.post("/api/mc-dm-files/", {"version_id": make_version(hub.download).pk, **body})
    assert (answer.status_code, code(answer)) == (status, expected)
    assert (File.objects.count(), Blob.objects.count()) == (0, 0)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


BOUNDARY = "multipart/form-data; boundary=x"
WHOLE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\nbytes\r\n--x--\r\n'


UNREADABLE = [
    ("application/json", b"{", 400),
    ("application/json", b"[" * 100_000, 400),
    ("application/json", b"[]", 400),
    ("application/json", b'{"title": NaN}', 400),
    ("application/json", b'{"title": "\\ud800", "category_id": 1}', 400),
    ("application/json", b'{"title": "a\\u0000", "category_id": 1}', 400),
    ("application/json", b'{"category_id": 1e400}', 400),
    ("application/json", b" " * (2 * 1024 * 1024 + 1), 413),
    ("application/x-www-form-urlencoded", b"title=" + b"x" * (2 * 1024 * 1024), 413),
    ("application/x-www-form-urlencoded", b"a=1&" * 10_000, 400),
    ("text/xml", b"<a/>", 415),
    ("multipart/form-data", b"no boundary", 400),
    (BOUNDARY, WHOLE[:60], 400),
    (BOUNDARY, b"", 400),
]


@pytest.mark.embedded
@for_each(product(["downloads", "files"], UNREADABLE), begin=Hub)
def test_unreadable_bodies_are_refused(hub: Hub, path: str, unreadable: tuple[str, bytes, int]) -> None:
    """Only the route of files has parsers of its own; `tests/api/test_bad_bodies.py` sends bodies to all routes."""
    content_type, body, status = unreadable
    hub.owner.is_superuser = True
    hub.owner.save()
    answer = hub.client.generic("POST", f"/api/mc-dm-{path}/", body, content_type=content_type)
    assert answer.status_code == status, answer.content
    assert answer.json()["errors"]
    assert not Blob.objects.exists()


WRONG = [None, [], {}, "", "x" * 100_001, -1, 2**70, True, "\x00", ["a"], 1.5]


@pytest.mark.embedded
@begin_with_hub
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("categories", "title description parent_category_id display_order fa_icon icon_color"),
        ("downloads", "title tag_line description category_id download_state visibility tags license homepage_url"),
        ("versions", "download_id version_string title release_notes channel platforms state publish_at"),
        ("files", "version_id file external_url display_label display_order is_primary sha256"),
    ],
)
def test_no_value_of_any_type_breaks_a_write(hub: Hub, path: str, fields: str) -> None:
    """Every field gets half of the values, and every value half of the fields; see also `test_bad_bodies.py`."""
    hub.owner.is_superuser = True
    hub.owner.save()
    known = {"title": "T", "category_id": hub.download.category_id, "download_id": hub.download.pk}
    for field, value in list(product(fields.split(), WRONG))[::2]:
        with undone():
            answer = hub.post(path, known | {"version_string": "1.0", field: value})
        assert answer.status_code < 500, (field, value, answer.content)


@begin_with_hub
def test_names_of_the_corpus_are_accepted_or_rejected_as_expected(hub: Hub, subtests: pytest.Subtests) -> None:
    version = make_version(hub.download)
    for case in NAMES:
        with subtests.test(case["id"]), undone():
            upload_and_fetch(hub, version, case)


def upload_and_fetch(hub: Hub, version: Version, case: dict[str, Any]) -> None:
    raw = case["name"].encode("utf-8", "surrogatepass").replace(b'"', b"%22").replace(b"\r", b"").replace(b"\n", b"")
    body = (
        f'--x\r\nContent-Disposition: form-data; name="version_id"\r\n\r\n{version.pk}\r\n'
        '--x\r\nContent-Disposition: form-data; name="file"; filename="'
    ).encode()
    body += raw + b'"\r\n\r\nbytes\r\n--x--\r\n'
    answer = hub.client.generic("POST", "/api/mc-dm-files/", body, content_type=BOUNDARY)
    assert answer.status_code in {200, 400, 422}
    for file in File.objects.select_related("blob"):
        assert file.blob is not None
        assert clean_name(file.filename) == file.filename
        assert re.fullmatch(r"blobs/\w{2}/[a-z0-9]{24}", file.blob.storage_key)
        sent = hub.client.get(f"/api/mc-dm-files/{file.pk}/download/")
        if sent.streaming:
            assert b"".join(sent) == b"bytes"
            assert sent["Content-Disposition"].isprintable()
    if case["certain"] and case["expect"] == "reject":
        assert not File.objects.exists() or is_acceptable(File.objects.get().filename)


def is_acceptable(name: str) -> bool:
    """A file name with quotes or line breaks cannot be sent in this header, so the server may get a harmless one."""
    try:
        return clean_name(name) == name
    except InvalidName:
        return False


@begin_with_hub
def test_versions_are_refused_or_stored_as_sent(hub: Hub, subtests: pytest.Subtests) -> None:
    for case in NUMBERS:
        with subtests.test(case["id"]), undone():
            answer = hub.post("versions", {"download_id": hub.download.pk, "version_string": case["value"]})
            try:
                parse(case["value"])
            except InvalidNumber:
                assert answer.status_code == 400
                assert not Version.objects.exists()
            else:
                assert (answer.status_code, Version.objects.get().number) == (200, case["value"])


@begin_with_hub
def test_storage_failure_is_503_and_changes_nothing(hub: Hub, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    if settings.STORAGE_KIND != "local":
        pytest.skip("breaks the local storage")
    version = make_version(hub.download)

    def fail(self: LocalStorage) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as broken:
        broken.setattr(LocalStorage, "new_writer", fail)
        data = {"version_id": version.pk, "file": SimpleUploadedFile("tool.bin", b"bytes")}
        assert hub.client.post("/api/mc-dm-files/", data).status_code == 503
    assert not File.objects.exists()


FORBIDDEN = {
    "author_id": 2, "download_count": 999999, "is_staff": True, "scopes": ["*"], "secret": "x", "size": 1,
    "sha512": "0",
    "storage_key": "x", "webhook_id": "x", "public_id": "x" * 24, "owner_id": 1, "version_int": 1, "sort_key": "x",
    "sealed_at": "2020-01-01", "is_active": True, "file_count": 9, "validation_status": "failed", "blob": 1,
    "deleted_at": "2020-01-01", "created_at": "2020-01-01", "id": 999, "is_members_only": True,
}  # fmt: skip


@pytest.mark.embedded
@begin_with_hub
@pytest.mark.parametrize("kind", ["downloads", "versions", "files"])
def test_read_only_fields_are_ignored(hub: Hub, kind: str) -> None:
    file = make_file(make_version(hub.download))
    row: Any = {"downloads": hub.download, "versions": file.version, "files": file}[kind]
    row.refresh_from_db()
    before = {
        name: value for name, value in vars(row).items() if name not in {"_state", "updated_at", "version", "blob"}
    }
    answer = hub.client.send("put", f"/api/mc-dm-{kind}/{row.pk}/", FORBIDDEN)
    assert answer.status_code == 200
    row.refresh_from_db()
    assert {name: vars(row)[name] for name in before} == before


@pytest.mark.embedded
@begin_with_hub
def test_a_version_cannot_be_moved_to_another_download(hub: Hub) -> None:
    version = make_version(hub.download)
    hub.client.send("put", f"/api/mc-dm-versions/{version.pk}/", {"download_id": make_download().pk})
    version.refresh_from_db()
    assert version.download == hub.download


@begin_with_hub
def test_link_may_have_a_different_file_name(hub: Hub) -> None:
    version = make_version(hub.download)
    data = {"version_id": version.pk, "external_url": "https://example.com/files/?id=7", "filename": "tool.msi"}
    assert hub.post("files", data).json()["file"]["filename"] == "tool.msi"


@begin_with_hub
def test_rollout_is_written_and_shown(hub: Hub) -> None:
    path = f"/api/mc-dm-versions/{make_version(hub.download, '1.0').pk}/"
    assert hub.client.send("put", path, {"rollout_percent": 20}).status_code == 200
    assert hub.versions("with=full")["versions"][0]["rollout_percent"] == 20
    assert hub.client.send("put", path, {"rollout_percent": 101}).status_code == 400


@begin_with_hub
def test_end_of_support_is_written_shown_announced_and_removed(hub: Hub) -> None:
    version = make_version(hub.download, "1.0")
    path = f"/api/mc-dm-versions/{version.pk}/"
    assert hub.client.send("put", path, {"end_of_support": "2030-06-30"}).status_code == 200
    assert hub.versions("with=full")["versions"][0]["end_of_support"] == "2030-06-30"
    assert Event.objects.latest("id").data["end_of_support"] == "2030-06-30"
    assert hub.client.send("put", path, {"end_of_support": None}).status_code == 200
    assert hub.versions("with=full")["versions"][0]["end_of_support"] is None


@pytest.mark.embedded
@begin_with_hub
@pytest.mark.parametrize("query", ["tag=v1.0", "version_string=1.0", "channel=beta", "state=draft"])
def test_total_counts_the_versions_that_a_filter_leaves(hub: Hub, query: str) -> None:
    make_version(hub.download, "1.0", channel="beta", state="draft")
    make_version(hub.download, "2.0")
    answer = hub.versions(query)
    assert ([row["version_string"] for row in answer["versions"]], answer["pagination"]["total"]) == (["1.0"], 1)
