"""Reading versions: `GET /versions`, `/version_file/{hash}`, `/version/{id}`, `/version` and `/version/latest`."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from itertools import product
from typing import Any
from urllib.parse import quote

import pytest

from downloads.services import update_download
from files.models import File
from releasehub.publishing.deletion import delete_download, delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.api.engine.conftest import Engine
from tests.api.engine.test_create import refused
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_key, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db
NO_ID = "a" * 24
TYPES = ("release", "beta", "alpha")


def numbers(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [version["version_number"] for version in answer.json()]


def sums(content: bytes) -> dict[str, str]:
    return {"sha512": hashlib.sha512(content).hexdigest(), "sha256": hashlib.sha256(content).hexdigest()}


FORMS_OF_IDS = [
    'ids=["{0}","{1}"]',
    "ids={0}&ids={1}",
    "ids={0},{1}",
    "ids= {0} , {1} ,",
    'ids=["{0}"]&ids={1}',
    'ids={0},{2}&ids=["{1}"]&ids=',
    "ids={0}&ids={1}&ids={0}",
    "ids[]={0}&ids[]={1}",
    "ids[0]={0}&ids[1]={1}",
    "ids=[{0},{1}]",
    "ids=['{0}', '{1}']",
]


def test_ids_are_parsed_in_every_form_and_keep_their_order(engine: Engine) -> None:
    first, second = engine.version("1.0.0"), engine.version("2.0.0")
    for query, (one, other) in product(FORMS_OF_IDS, ((first, second), (second, first))):
        text = query.format(one.public_id, other.public_id, NO_ID)
        found = engine.guest.get("/versions?" + quote(text, safe="&=[]'"))
        assert numbers(found) == [one.number, other.number], query


@pytest.mark.parametrize("text", ["[]", "", ",", NO_ID, "ÄÖ", "x" * 500])
def test_unknown_ids_give_an_empty_list(engine: Engine, text: str) -> None:
    assert numbers(engine.guest.get(f"/versions?ids={text}")) == []


@pytest.mark.embedded
@pytest.mark.parametrize("query", ["", "ids=[", "ids=[1]", "ids=[[]]", 'ids={"a":1}[', "ids=" + "[" * 5000])
def test_unreadable_ids_are_400_in_the_words_of_the_contract(engine: Engine, query: str) -> None:
    answer = engine.guest.get(f"/versions?{query}")
    if query.startswith("ids={"):
        assert numbers(answer) == []  # not a JSON array, so it is treated as an unknown id
    else:
        assert "ids" in refused(answer, 400, "Invalid query parameters")


@pytest.mark.embedded
def test_ids_are_at_most_a_hundred(engine: Engine) -> None:
    ids = [f"a{number}" for number in range(101)]
    assert engine.guest.get("/versions?ids=" + ",".join(ids[:100])).status_code == 200
    assert "100" in refused(engine.guest.get("/versions?ids=" + json.dumps(ids)), 400, "Invalid query parameters")


def test_hidden_versions_are_excluded_without_an_error(engine: Engine) -> None:
    states: list[dict[str, Any]] = [
        {}, {"visibility": "unlisted"}, {"state": "draft"}, {"visibility": "private"},
    ]  # fmt: skip
    made = [engine.version(f"{number}.0.0", **fields) for number, fields in enumerate(states)]
    made += [make_version(make_download(), "8.0.0"), engine.version("9.0.0")]
    delete_version(actor=system(), version=made[-1])
    path = "/versions?ids=" + ",".join(version.public_id for version in made)
    assert numbers(engine.guest.get(path)) == ["0.0.0", "1.0.0"]
    assert numbers(engine.client.get(path)) == ["0.0.0", "1.0.0", "2.0.0", "3.0.0"]


def test_hash_finds_the_version_in_any_case(engine: Engine) -> None:
    engine.file(content=b"engine")
    for digest in sums(b"engine").values():
        for text in (digest.lower(), digest.upper()):
            answer = engine.guest.get(f"/version_file/{text}")
            assert (answer.status_code, answer.json()["version_number"]) == (200, "1.0.0"), text


@pytest.mark.parametrize("kind", ["sha512", "sha256"])
def test_hash_of_a_link_finds_its_version(engine: Engine, kind: str) -> None:
    file = engine.file()
    known = {f"external_{name}": value for name, value in sums(b"linked").items()}
    File.objects.filter(pk=file.pk).update(blob=None, external_url="https://example.com/x", **known)
    assert engine.guest.get(f"/version_file/{sums(b'linked')[kind]}").status_code == 200


def test_shared_checksum_returns_the_newest_version(engine: Engine) -> None:
    for number in ("1.9.0", "1.10.0", "1.2.0"):
        engine.file(number, content=b"same")
    engine.file("2.0.0", content=b"same", state="draft")
    path = f"/version_file/{sums(b'same')['sha512']}"
    assert engine.guest.get(path).json()["version_number"] == "1.10.0"
    assert engine.client.get(path).json()["version_number"] == "2.0.0"


def test_checksums_map_to_the_newest_versions_of_their_files(engine: Engine) -> None:
    for number, content in {"1.0.0": b"one", "2.0.0": b"same", "3.0.0": b"same", "4.0.0": b"draft"}.items():
        engine.file(number, content=content, state="draft" if content == b"draft" else "published")
    asked = [sums(b"one")["sha256"], sums(b"same")["sha512"].upper(), sums(b"draft")["sha512"], "0" * 40, "x"]
    for body in ({"hashes": asked, "algorithm": "sha512"}, {"data": {"hashes": asked}}):
        found = engine.guest.send("post", "/version_files", body)
        assert {text: shown["version_number"] for text, shown in found.json().items()} == {
            asked[0]: "1.0.0",
            asked[1]: "3.0.0",
        }
    assert list(engine.client.send("post", "/version_files", {"hashes": asked}).json()) == asked[:3]
    assert engine.guest.send("post", "/version_files", {"hashes": []}).json() == {}
    for query in ("hashes=" + ",".join([*asked, asked[0]]), "&".join(f"hashes[]={text}" for text in asked)):
        assert numbers(engine.guest.get(f"/version_files?{query}")) == ["1.0.0", "3.0.0"]


def test_versions_of_unknown_checksums_are_404(engine: Engine) -> None:
    engine.file(state="draft", content=b"draft")
    refused(engine.guest.get(f"/version_files?hashes={sums(b'draft')['sha512']}"), 404, "not_found")
    for query in ("", "hashes=[1]", "hashes=" + ",".join(f"a{number}" for number in range(101))):
        assert "hashes" in refused(engine.guest.get(f"/version_files?{query}"), 400, "Invalid query parameters")


@pytest.mark.embedded
def test_checksums_are_at_most_a_hundred(engine: Engine) -> None:
    for body in ({"hashes": ["0" * 64] * 101}, {}, {"hashes": [1, [2]]}):
        assert "hashes" in refused(engine.guest.send("post", "/version_files", body))


UPDATES: list[tuple[bytes, dict[str, Any], str | None]] = [
    (b"old", {}, "1.1.0"),
    (b"old", {"channel": "beta"}, "2.0.0"),
    (b"old", {"platform": "Linux", "loaders": ["any"], "game_versions": []}, "1.2.0"),
    (b"old", {"platform": "haiku"}, "1.0.0"),
    (b"beta", {}, "2.0.0"),
    (b"draft", {}, None),
]


def test_update_follows_the_channel_and_platform_of_the_file(engine: Engine) -> None:
    engine.file("1.0.0", content=b"old", platform="windows", architecture="x64")
    engine.file("1.1.0", platform="windows")
    engine.file("1.2.0", platform="linux")
    engine.file("2.0.0", content=b"beta", platform="windows", channel="beta")
    engine.file("3.0.0", content=b"draft", platform="windows", state="draft")
    for content, body, number in UPDATES:
        answer = engine.guest.send("post", f"/version_file/{sums(content)['sha256']}/update", body)
        expected = (200 if number else 404, number)
        assert (answer.status_code, answer.json().get("version_number")) == expected, (content, body)


@pytest.mark.embedded
@pytest.mark.parametrize("validation", ["pending", "failed"])
def test_only_files_that_passed_are_found(engine: Engine, validation: str) -> None:
    engine.file(content=b"engine")
    File.objects.update(validation_status=validation)
    for client in (engine.guest, engine.client):
        refused(client.get(f"/version_file/{sums(b'engine')['sha512']}"), 404, "not_found")


@pytest.mark.embedded
@pytest.mark.parametrize("text", ["0" * 128, "0" * 64, "0" * 40, "x", "%00", "ß" * 64, "z" * 3000])
def test_unknown_hash_is_404(engine: Engine, text: str) -> None:
    engine.file()
    refused(engine.guest.get(f"/version_file/{text}"), 404, "not_found")


def test_files_of_other_downloads_are_not_found(engine: Engine) -> None:
    make_file(make_version(make_download()), content=b"other")
    refused(engine.guest.get(f"/version_file/{sums(b'other')['sha512']}"), 404, "not_found")


@pytest.mark.parametrize("text", [NO_ID, "1", "%00", "A" * 24, "ß", "x" * 3000])
def test_unknown_id_is_404(engine: Engine, text: str) -> None:
    refused(engine.guest.get(f"/version/{text}"), 404, "not_found")


@pytest.mark.embedded
def test_draft_is_for_its_team(engine: Engine) -> None:
    path = f"/version/{engine.version(state='draft').public_id}"
    assert engine.client.get(path).json()["status"] == "draft"
    for client in (engine.guest, ApiClient(make_key())):
        refused(client.get(path), 404, "not_found")


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, "listed"),
        ({"visibility": "unlisted"}, "unlisted"),
        ({"visibility": "private"}, "draft"),
        ({"state": "draft"}, "draft"),
    ],
)
def test_status_determines_visibility(engine: Engine, fields: dict[str, Any], status: str) -> None:
    path = f"/version/{engine.version(**fields).public_id}"
    assert engine.client.get(path).json()["status"] == status
    assert len(engine.client.get(f"/version?status={status}").json()) == 1


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("channel", "kind"),
    [("stable", "release"), ("beta", "beta"), ("alpha", "alpha"), ("rc", "beta"), ("dev", "alpha")],
)
def test_unknown_channels_are_shown_as_alpha(engine: Engine, channel: str, kind: str) -> None:
    path = f"/version/{engine.version(channel=channel).public_id}"
    assert engine.guest.get(path).json()["version_type"] == kind


@pytest.mark.embedded
def test_empty_changelog_is_null_and_deleted_author_is_empty(engine: Engine) -> None:
    shown = engine.guest.get(f"/version/{engine.version().public_id}").json()
    assert (shown["changelog"], shown["changelog_url"], shown["author_id"]) == (None, None, "")


@pytest.mark.embedded
def test_pending_files_are_shown_to_the_team_only(engine: Engine) -> None:
    version = engine.version()
    for state in ("passed", "pending", "failed"):
        file = make_file(version, name=f"{state}.bin")
        File.objects.filter(pk=file.pk).update(validation_status=state)
    path = f"/version/{version.public_id}"
    assert [file["filename"] for file in engine.guest.get(path).json()["files"]] == ["passed.bin"]
    assert [file["filename"] for file in engine.client.get(path).json()["files"]] == ["passed.bin", "pending.bin"]


@pytest.mark.embedded
def test_public_url_is_the_base_of_links(engine: Engine, settings: Any) -> None:
    settings.PUBLIC_URL = "https://hub.example.org"
    version = engine.file(name="tool.zip").version
    shown = engine.guest.get(f"/version/{version.public_id}").json()
    assert shown["files"][0]["url"] == "https://hub.example.org/d/engine/1.0.0/tool.zip"


def test_list_contains_listed_versions_newest_first(engine: Engine) -> None:
    for number, fields in {"1.0.0": {}, "2.0.0": {"visibility": "unlisted"}, "3.0.0": {"state": "draft"}}.items():
        engine.version(number, **fields)
    assert numbers(engine.guest.get("/version")) == ["1.0.0"]
    assert numbers(engine.client.get("/version")) == ["3.0.0", "2.0.0", "1.0.0"]


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("release", ["1.0.0"]),
        ("stable", ["1.0.0"]),
        ("beta", ["5.0.0", "2.0.0"]),
        ("rc", ["5.0.0"]),
        ("alpha", ["4.0.0", "3.0.0"]),
        ("nightly", ["4.0.0"]),
        ("NIGHTLY", ["4.0.0"]),
        ("other", []),
    ],
)
def test_list_by_channel(engine: Engine, word: str, found: list[str]) -> None:
    for number, channel in enumerate(("stable", "beta", "alpha", "nightly", "rc"), start=1):
        engine.version(f"{number}.0.0", channel=channel)
    assert numbers(engine.guest.get(f"/version?channel={word}")) == found
    if word in TYPES:
        assert numbers(engine.guest.get(f"/version?version_type={word}")) == found


def test_list_by_status(engine: Engine) -> None:
    archived = engine.version("1.0.0", files=1)
    move(Move.ARCHIVE, actor=system(), version=archived)
    engine.version("2.0.0")
    assert numbers(engine.guest.get("/version?status=archived")) == ["1.0.0"]
    assert numbers(engine.guest.get("/version?status=listed")) == ["2.0.0"]
    assert numbers(engine.guest.get("/version?status=unknown")) == []


def test_list_by_platform_of_files_on_offer(engine: Engine) -> None:
    for number, platform in {"1.0.0": "windows", "2.0.0": "linux", "3.0.0": ""}.items():
        engine.file(number, platform=platform)
    engine.version("4.0.0")
    assert numbers(engine.guest.get("/version?platform=Windows")) == ["3.0.0", "1.0.0"]


def test_pages_are_linked_and_hold_every_version_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasehub.api.engine.pagination.PAGE_SIZE", 2)
    for number in range(5):
        engine.version(f"{number}.0.0")
    pages = [engine.guest.get(f"/version?channel=release&page={page}") for page in (1, 2, 3, 4)]
    assert [numbers(page) for page in pages] == [["4.0.0", "3.0.0"], ["2.0.0", "1.0.0"], ["0.0.0"], []]
    first, last = (f"http://testserver/version?channel=release&page={page}" for page in (1, 3))
    assert pages[1]["Link"] == f'<{first}>; rel="prev", <{last}>; rel="next"'
    assert ("next" in pages[2]["Link"], "Link" in engine.guest.get("/version?page=1&channel=beta")) == (False, False)


def test_offset_and_limit_hold_every_version_once(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasehub.api.engine.pagination.DEFAULT_LIMIT", 3)
    for number in range(5):
        engine.version(f"{number}.0.0")
    queries = (
        "offset=0&limit=2",
        "offset=2&limit=2",
        "offset=4&limit=2",
        "offset=6&limit=2",
        "offset=1",
        "limit=2&page=2",
    )
    answers = [engine.guest.get(f"/version?{query}") for query in queries]
    every = ["4.0.0", "3.0.0", "2.0.0", "1.0.0", "0.0.0"]
    assert [numbers(answer) for answer in answers] == [every[:2], every[2:4], every[4:], [], every[1:4], every[2:4]]
    assert ["Link" in answer for answer in answers] == [False] * 5 + [True]


def test_list_is_sorted_by_index(engine: Engine) -> None:
    popular, recent = engine.version("1.0.0"), engine.version("2.0.0")
    Version.objects.filter(pk=popular.pk).update(download_count=5, updated_at=recent.updated_at + timedelta(hours=1))
    for index, newest in {"newest": "2.0.0", "relevance": "2.0.0", "updated": "1.0.0", "downloads": "1.0.0"}.items():
        assert numbers(engine.guest.get(f"/version?index={index}"))[0] == newest, index


@pytest.mark.embedded
@pytest.mark.parametrize(
    "query",
    [
        *("page=0", "page=x", "page=99999999999999999999", "status=nonsense", "platform=" + "x" * 257),
        *("version_type=stable", "index=size", "offset=-1", "offset=x", "limit=0", "limit=101"),
    ],
)
def test_invalid_parameter_is_named(engine: Engine, query: str) -> None:
    assert query.partition("=")[0] in refused(engine.guest.get(f"/version?{query}"), 400, "Invalid query parameters")


def test_latest_is_by_version_not_by_date(engine: Engine) -> None:
    for number in ("2.0.0", "1.9.9"):
        engine.file(number)
    assert engine.guest.get("/version/latest").json()["version_number"] == "2.0.0"


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("channel=release", "1.0.0"),
        ("channel=beta", "2.0.0"),
        ("version_type=beta", "2.0.0"),
        ("channel=beta&platform=Windows", "1.0.0"),
        ("status=listed", "1.0.0"),
    ],
)
def test_latest_by_channel_and_platform(engine: Engine, query: str, number: str) -> None:
    engine.file("1.0.0", platform="windows")
    engine.file("2.0.0", channel="beta", platform="linux")
    assert engine.guest.get(f"/version/latest?{query}").json()["version_number"] == number


@pytest.mark.embedded
@pytest.mark.parametrize("query", ["channel=other", "platform=macos", "status=archived"])
def test_latest_without_versions_is_404(engine: Engine, query: str) -> None:
    engine.file(platform="windows")
    refused(engine.guest.get(f"/version/latest?{query}"), 404, "not_found")


def test_yanked_version_is_not_latest_but_found(engine: Engine) -> None:
    version = engine.file(content=b"engine").version
    move(Move.YANK, actor=system(), version=version)
    refused(engine.guest.get("/version/latest"), 404, "not_found")
    assert engine.guest.get(f"/version_file/{sums(b'engine')['sha512']}").status_code == 200


READS = ["/version", "/version/latest", f"/version/{NO_ID}", f"/versions?ids={NO_ID}", f"/version_file/{'0' * 128}"]


def test_oldest_download_is_served_unless_the_operator_names_one(engine: Engine, settings: Any) -> None:
    other = make_download(title="Other")
    make_version(other, "7.0.0")
    engine.version("1.0.0")
    assert numbers(engine.guest.get("/version")) == ["1.0.0"]
    settings.ENGINE_DOWNLOAD = "other"
    assert numbers(engine.guest.get("/version")) == ["7.0.0"]


@pytest.mark.embedded
@pytest.mark.parametrize("path", READS)
def test_missing_download_error_names_the_setting(engine: Engine, path: str) -> None:
    delete_download(actor=system(), download=engine.download, hard=True)
    assert "RELEASEHUB_ENGINE_DOWNLOAD" in refused(engine.guest.get(path), 404, "not_found")


@pytest.mark.embedded
@pytest.mark.parametrize("path", READS)
def test_hidden_download_is_404(engine: Engine, path: str) -> None:
    engine.file()
    update_download(actor=system(), download=engine.download, visibility="private")
    assert "RELEASEHUB_ENGINE_DOWNLOAD" in refused(engine.guest.get(path), 404, "not_found")


@pytest.mark.embedded
def test_deleted_download_offers_nothing_even_to_its_owner(engine: Engine, settings: Any) -> None:
    settings.ENGINE_DOWNLOAD = engine.download.slug
    engine.file()
    delete_download(actor=system(), download=engine.download)
    assert numbers(engine.client.get("/version")) == []
    refused(engine.client.get("/version/latest"), 404, "not_found")


@pytest.mark.embedded
def test_key_bound_to_another_download_sees_nothing(engine: Engine) -> None:
    client = ApiClient(make_key(engine.owner, download_ids=[make_download().pk]))
    refused(client.get("/version"), 404, "not_found")
