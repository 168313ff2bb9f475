"""Rows of the mc-dm contract that no other test is about. The tables in docs/api/mc-dm.md name the test of each row."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils.http import urlencode

from downloads.models import Category
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.distribution.links import file_path, version_path
from releasehub.publishing.deletion import delete_version
from tests.conftest import ApiClient
from tests.factories import make_category, make_download, make_file, make_key, make_user, make_version
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
HASH = "c12fe1c06bba254a9dc9f519b335aa7c1367a88a"
MAGNET = f"magnet:?xt=urn:btih:{HASH}&dn=Acme+Importer.zip&xl=4194304&tr=udp%3A%2F%2Ftracker.example.org"


class Scene:
    def __init__(self) -> None:
        self.owner = make_user()
        self.client = ApiClient(make_key(self.owner))
        self.root = ApiClient(make_key(is_super_user=True))
        self.download = make_download(self.owner, title="Acme Importer")

    def post(self, kind: str, body: dict[str, Any], client: ApiClient | None = None) -> Any:
        return (client or self.client).send("post", f"/api/mc-dm-{kind}/", body)

    def version(self, **body: Any) -> Any:
        values = {"download_id": self.download.pk, "version_string": "1.4.0"} | body
        return self.post("versions", values)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def error_of(response: Any) -> tuple[int, str]:
    return response.status_code, response.json()["errors"][0]["code"]


def test_forms_are_read_and_every_success_is_200(scene: Scene) -> None:
    form = {"content_type": "application/x-www-form-urlencoded"}
    body = urlencode({"download_id": scene.download.pk, "version_string": "1.4.0"})
    created = scene.client.post("/api/mc-dm-versions/", body, **form)
    path = f"/api/mc-dm-versions/{created.json()['version']['version_id']}/"
    changed = scene.client.put(path, "title=Big+release", **form)
    deleted = scene.client.delete(path)
    assert [created.status_code, changed.status_code, deleted.status_code] == [200, 200, 200]
    assert changed.json()["version"]["display_title"] == "Big release"
    assert deleted.json() == {"success": True}


def test_multipart_is_read_with_put_as_well(scene: Scene) -> None:
    path = f"/api/mc-dm-downloads/{scene.download.pk}/"
    body = encode_multipart(BOUNDARY, {"tag_line": "Fast"})
    assert scene.client.put(path, body, content_type=MULTIPART_CONTENT).json()["download"]["tag_line"] == "Fast"


def test_parameters_are_read_from_the_query_and_the_body_wins(scene: Scene) -> None:
    query = urlencode({"download_id": scene.download.pk, "version_string": "1.0.0", "title": "From the query"})
    created = scene.client.post(f"/api/mc-dm-versions/?{query}", {"version_string": "2.0.0"})
    version = created.json()["version"]
    assert (version["version_string"], version["display_title"]) == ("2.0.0", "From the query")


@pytest.mark.parametrize("path", ["/api/mc-dm-versions/{pk}/files/", "/api/mc-dm-reviews/", "/api/mc-dm-prefixes/"])
def test_other_routes_do_not_exist(scene: Scene, path: str) -> None:
    version = make_version(scene.download)
    assert error_of(scene.client.get(path.format(pk=version.pk))) == (404, "endpoint_not_found")


def test_there_is_no_patch(scene: Scene) -> None:
    path = f"/api/mc-dm-downloads/{scene.download.pk}/"
    assert error_of(scene.client.send("patch", path, {"title": "New"})) == (404, "endpoint_not_found")


def test_error_has_code_message_and_params(scene: Scene) -> None:
    missing = scene.post("versions", {"download_id": scene.download.pk})
    assert error_of(missing) == (400, "required_input_missing")
    (entry,) = missing.json()["errors"]
    assert entry["params"]["field"] == "version_string"
    (entry,) = scene.client.get("/api/mc-dm-versions/999999/").json()["errors"]
    assert (entry["code"], entry["params"]) == ("requested_page_not_found", [])


def test_keys_without_their_rights_are_refused(scene: Scene) -> None:
    path = f"/api/mc-dm-versions/{make_version(scene.download).pk}/"
    writer = ApiClient(make_key(scene.owner, scopes=["mc_dm_download:write"]))
    assert error_of(writer.get(path)) == (403, "do_not_have_permission")  # write does not imply read
    eraser = ApiClient(make_key(scene.owner, scopes=["mc_dm_download:delete_hard"]))
    assert error_of(eraser.send("delete", f"{path}?hard=1")) == (403, "do_not_have_permission")
    assert error_of(ApiClient(make_key()).send("put", path, {"title": "x"})) == (403, "do_not_have_permission")
    assert error_of(ApiClient().send("put", path, {"title": "x"})) == (400, "no_api_key_in_request")
    assert error_of(ApiClient("rh_unknown").get(path)) == (401, "api_key_not_found")


def test_super_user_key_acts_as_the_user_that_it_names(scene: Scene) -> None:
    other = make_user()
    body = {"title": "Tool", "category_id": scene.download.category_id}
    headers = {"XF-Api-User": str(other.pk)}
    created = scene.root.send("post", "/api/mc-dm-downloads/?api_bypass_permissions=1", body, headers=headers)
    assert created.json()["download"]["user_id"] == other.pk
    refused = scene.client.send("post", "/api/mc-dm-downloads/", body, headers=headers)
    assert refused.status_code == 403


def test_since_takes_unix_seconds(scene: Scene) -> None:
    version = make_version(scene.download)
    moment = datetime(2026, 1, 31, 12, tzinfo=UTC)
    Version.objects.filter(pk=version.pk).update(released_at=moment)
    path = f"/api/mc-dm-versions/?download_id={scene.download.pk}&since="
    seconds = int(moment.timestamp())
    totals = [len(scene.client.get(f"{path}{since}").json()["versions"]) for since in (0, seconds - 1, seconds)]
    assert totals == [1, 1, 0]
    assert len(scene.client.get(path + "20260131").json()["versions"]) == 1  # eight digits are a date
    assert error_of(scene.client.get(path + "9" * 30)) == (400, "invalid_input")


def test_download_is_created_and_changed_with_the_documented_fields(scene: Scene) -> None:
    category = make_category()
    body = {"title": "Tool", "category_id": category.pk, "tag_line": "Fast", "description": "Reads *any* table."}
    created = scene.post("downloads", body).json()["download"]
    assert {name: created[name] for name in body} == body
    assert (created["current_version_id"], created["icon_url"], created["download_state"]) == (0, None, "visible")
    assert created["view_url"].endswith(f"/downloads/tool.{created['download_id']}/")
    path = f"/api/mc-dm-downloads/{created['download_id']}/"
    changed = scene.client.send("put", path, {"tag_line": "Faster", "prefix_id": 0}).json()["download"]
    assert (changed["tag_line"], changed["title"]) == ("Faster", "Tool")


def test_new_download_waits_where_the_category_asks_for_approval(scene: Scene) -> None:
    category = make_category(requires_approval=True)
    states = {}
    for state in ("", "draft"):
        body = {"title": "Tool", "category_id": category.pk} | ({"download_state": state} if state else {})
        states[state] = scene.post("downloads", body).json()["download"]["download_state"]
    assert states == {"": "moderated", "draft": "draft"}
    closed = make_category(accepts_downloads=False)
    assert scene.post("downloads", {"title": "Tool", "category_id": closed.pk}).status_code == 403


def test_list_of_downloads_is_filtered_by_category_and_state(scene: Scene) -> None:
    draft = make_download(scene.owner, state="draft", title="Draft")

    def listed(query: str, client: ApiClient) -> list[int]:
        rows = client.get(f"/api/mc-dm-downloads/?{query}").json()["downloads"]
        return [row["download_id"] for row in rows]

    stranger = ApiClient(make_key())
    assert listed(f"category_id={scene.download.category_id}", stranger) == [scene.download.pk]
    assert listed("download_state=draft", stranger) == []
    assert listed("download_state=draft", scene.client) == [draft.pk]


def test_version_has_its_default_title_and_a_number_that_sorts(scene: Scene) -> None:
    created = scene.version(release_notes="Faster.", changelog="* Fixed.").json()["version"]
    assert (created["display_title"], created["version_int"]) == ("Acme Importer 1.4.0", 1_004_000_000)
    assert (created["primary_file_id"], created["file_count"], created["is_published"]) == (0, 0, True)
    assert scene.version(version_string="5.0.0").json()["version"]["version_int"] == 5_000_000_000
    assert scene.version().status_code == 409
    path = f"/api/mc-dm-versions/{created['version_id']}/"
    changed = scene.client.send("put", path, {"title": "Spring", "version_string": "1.4.1"}).json()["version"]
    assert (changed["display_title"], changed["version_string"]) == ("Spring", "1.4.1")
    assert (changed["release_notes"], changed["changelog"]) == ("Faster.", "* Fixed.")


@pytest.mark.parametrize("text", ["1.4.0 Beta 2", "Release 7 (LTS)", "2.0 final"])
def test_version_string_may_have_spaces(scene: Scene, text: str) -> None:
    created = scene.version(version_string=text).json()["version"]
    assert created["version_string"] == text
    version = Version.objects.get(pk=created["version_id"])
    file = make_file(version, name="tool.bin")
    assert Client().get(version_path(version)).status_code == 200
    response: Any = Client().get(file_path(file))
    assert (response.status_code, len(b"".join(response))) == (200, file.size_bytes)
    listed = scene.client.get("/api/mc-dm-versions/", {"download_id": scene.download.pk, "version_string": text})
    assert len(listed.json()["versions"]) == 1


def test_beta_with_spaces_is_below_its_release_and_in_the_channel_beta(scene: Scene) -> None:
    beta = Version.objects.get(pk=scene.version(version_string="1.4.0 Beta 2").json()["version"]["version_id"])
    release = Version.objects.get(pk=scene.version(version_string="1.4.0").json()["version"]["version_id"])
    assert bytes(beta.sort_key) < bytes(release.sort_key)
    assert (beta.channel, release.channel) == ("beta", "stable")


def test_changelog_is_limited_by_an_option(scene: Scene, settings: Any) -> None:
    settings.MAX_NOTES_CHARACTERS = 10
    assert error_of(scene.version(changelog="x" * 11)) == (400, "invalid_input")
    assert scene.version(changelog="x" * 10).status_code == 200


def test_full_version_has_the_documented_fields(scene: Scene) -> None:
    version = make_version(scene.download)
    first, second = make_file(version, display_order=2), make_file(version, display_order=1)
    full = scene.client.get(f"/api/mc-dm-versions/{version.pk}/?with=full").json()["version"]
    assert (full["can_view"], full["can_edit"], full["is_visible"]) == (True, True, True)
    assert [file["file_id"] for file in full["Files"]] == [second.pk, first.pk]


def test_first_place_of_a_file_is_1(scene: Scene) -> None:
    version = make_version(scene.download)
    file = make_file(version)
    path = f"/api/mc-dm-files/{file.pk}/"
    shown = scene.client.get(path).json()["file"]
    assert (shown["display_order"], shown["is_primary"], shown["validation_status"]) == (1, True, "passed")
    assert shown["file_hash"] == f"sha256:{file.blob.sha256 if file.blob else ''}"
    assert (shown["display_name"], shown["filename"]) == (file.filename, file.filename)
    body = {"display_order": 7, "display_label": "Windows build", "is_primary": True}
    changed = scene.client.send("put", path, body).json()["file"]
    assert {name: changed[name] for name in body} == body


def test_magnet_link_is_a_file_that_redirects(scene: Scene) -> None:
    version = make_version(scene.download)
    body = {"version_id": version.pk, "external_url": MAGNET}
    shown = scene.post("files", body).json()["file"]
    assert (shown["filename"], shown["file_size"], shown["external_url"]) == ("Acme Importer.zip", 4194304, MAGNET)
    assert (shown["is_link_only"], shown["is_external"], shown["validation_status"]) == (True, True, "passed")
    response = Client().get(f"/api/mc-dm-files/{shown['file_id']}/download/")
    assert (response.status_code, response["Location"]) == (302, MAGNET)


@pytest.mark.parametrize(
    ("url", "more", "status"),
    [
        ("magnet:?dn=tool.zip", {}, 400),
        ("magnet:?xt=urn:btih:short&dn=tool.zip", {}, 400),
        (f"magnet:?xt=urn:btih:{HASH}", {}, 400),
        (f"magnet:?xt=urn:btih:{HASH}", {"filename": "tool.zip"}, 200),
        (MAGNET, {"keep_copy": True}, 422),
        ("javascript:alert(1)", {"filename": "tool.zip"}, 400),
    ],
)
def test_only_magnet_links_with_an_info_hash_and_a_name_are_accepted(
    scene: Scene, url: str, more: dict[str, Any], status: int
) -> None:
    body = {"version_id": make_version(scene.download).pk, "external_url": url} | more
    assert scene.post("files", body).status_code == status


def test_magnet_link_needs_a_category_that_allows_links(scene: Scene) -> None:
    version = make_version(make_download(scene.owner, category=make_category(allows_external_links=False)))
    assert scene.post("files", {"version_id": version.pk, "external_url": MAGNET}).status_code == 422


def test_category_is_managed_by_administrators_only(scene: Scene) -> None:
    body = {"title": "Plugins", "description": "Server-side.", "display_order": 10, "icon_color": "#3a7bd5"}
    assert scene.post("categories", body).status_code == 403
    created = scene.post("categories", body | {"fa_icon": "fa-puzzle-piece"}, scene.root).json()["category"]
    assert {name: created[name] for name in body} == body
    assert (created["parent_category_id"], created["download_count"]) == (0, 0)
    for title in ("", "x" * 101):
        assert scene.post("categories", {"title": title}, scene.root).status_code == 400
    path = f"/api/mc-dm-categories/{created['category_id']}/"
    assert scene.root.send("put", path, {"title": "Mods"}).json()["category"]["title"] == "Mods"
    assert scene.root.send("delete", path).status_code == 400  # there is no soft deletion
    assert scene.root.send("delete", f"{path}?hard=1").json() == {"success": True}
    assert not Category.objects.filter(pk=created["category_id"]).exists()


def test_reason_of_a_deletion_is_in_the_audit_log(scene: Scene) -> None:
    version = make_version(scene.download)
    scene.client.send("delete", f"/api/mc-dm-versions/{version.pk}/?reason=obsolete")
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.reason, entry.channel) == ("version.delete_soft", "obsolete", "api")
    assert scene.client.get(f"/api/mc-dm-versions/?download_id={scene.download.pk}").json()["versions"] == []


def test_current_version_follows_a_deletion(scene: Scene) -> None:
    first, second = (make_version(scene.download, number, files=1) for number in ("1.0.0", "2.0.0"))
    path = f"/api/mc-dm-downloads/{scene.download.pk}/"
    assert scene.client.get(path).json()["download"]["current_version_id"] == second.pk
    delete_version(actor=Actor(user=scene.owner), version=second, hard=True)
    assert scene.client.get(path).json()["download"]["current_version_id"] == first.pk


def test_scheduled_version_waits_and_is_not_published(scene: Scene) -> None:
    at = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    assert scene.version(state="scheduled", publish_at=at).json()["version"]["is_published"] is False


def test_extensions_are_refused_by_the_hub_and_by_categories(scene: Scene, settings: Any) -> None:
    version = make_version(scene.download)
    assert make_file(version, name="setup.exe").filename == "setup.exe"
    settings.REFUSED_EXTENSIONS = frozenset({"exe"})
    zips = make_version(make_download(scene.owner, category=make_category(allowed_extensions=["zip"])))
    for row, name in ((version, "other.exe"), (zips, "tool.rar")):
        body = {"version_id": row.pk, "file": SimpleUploadedFile(name, b"bytes")}
        assert scene.client.post("/api/mc-dm-files/", body).status_code == 422


def test_comment_keeps_its_text_as_it_was_sent(scene: Scene) -> None:
    text = "[b]Works[/b] *great* on PHP 8.3."
    created = scene.post("comments", {"download_id": scene.download.pk, "message": text}).json()["comment"]
    assert created["message"] == text
