"""Releases: created as drafts, published, listed, changed and deleted."""

from __future__ import annotations

from typing import Any

import pytest

from downloads.models import Download, TeamMember
from downloads.services import update_category
from files.models import File
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.api.github.conftest import Repository
from tests.conftest import ApiClient
from tests.factories import make_file, make_key, make_organization, make_user, make_version, system
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
NOTES, RENDERED = "**New** & good", "<p><strong>New</strong> &amp; good</p>\n"
SHA = "5f2d0b3c1a4e6f7890abcdef1234567890abcdef"


def names(answer: Any) -> list[str]:
    return [release["tag_name"] for release in answer.json()]


def test_a_draft_becomes_a_release(repository: Repository) -> None:
    created = repository.create("cli/v1.2+b1", name="One", body="Notes", target_commitish=SHA)
    release = created.json()
    assert (created.status_code, created["Location"]) == (201, release["url"])
    assert (release["tag_name"], release["name"], release["body"]) == ("cli/v1.2+b1", "One", "Notes")
    assert (release["draft"], release["published_at"], release["target_commitish"]) == (True, None, SHA)
    repository.upload(release["id"])
    published = repository.send("patch", f"/releases/{release['id']}", {"draft": False}).json()
    assert (published["draft"], published["name"], len(published["assets"])) == (False, "One", 1)
    assert published["published_at"].endswith("Z")
    assert Version.objects.get().number == "1.2+b1"


def test_a_release_without_files_is_published_at_once(repository: Repository) -> None:
    assert repository.create(draft=False).json()["draft"] is False
    assert repository.get("/releases/latest", repository.guest).json()["tag_name"] == "v1.0.0"


def test_members_that_are_left_out_have_defaults(repository: Repository) -> None:
    release = repository.send("post", "/releases", {"tag_name": "v1.0.0", "name": None, "draft": None}).json()
    assert (release["name"], release["body"], release["target_commitish"]) == (None, "", "main")
    assert (release["draft"], release["prerelease"]) == (False, False)


@pytest.mark.parametrize("value", ["true", "false", "legacy"])
def test_make_latest_is_accepted(repository: Repository, value: str) -> None:
    assert repository.create(make_latest=value, discussion_category_name="x", unknown=1).status_code == 201


@pytest.mark.parametrize("media", ["application/x-www-form-urlencoded", "text/plain", "nonsense"])
def test_json_is_read_under_any_media_type(repository: Repository, media: str) -> None:
    answer = repository.client.generic("POST", f"{repository.path}/releases", '{"tag_name": "v1"}', content_type=media)
    assert answer.status_code == 201, answer.content


@pytest.mark.parametrize("accept", ["", "*/*", "application/vnd.github.merge-info-preview+json, x/y"])
def test_any_accept_header_gets_json(repository: Repository, accept: str) -> None:
    answer = repository.get("/releases", headers={"Accept": accept, "Content-Type": "application/json"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json; charset=utf-8")


def test_json_has_one_member_on_each_line(repository: Repository) -> None:
    release = repository.publish()
    lines = repository.get("/releases/latest").content.decode().splitlines()
    (line,) = [line for line in lines if '"browser_download_url"' in line]
    assert line.split('"')[3] == release["assets"][0]["browser_download_url"]


@pytest.mark.parametrize(
    ("tag", "flag", "channel", "shown"),
    [
        ("v1.0.0", True, "beta", True),
        ("v1.0.0", False, "stable", False),
        ("v1.0.0-rc.1", True, "rc", True),
        ("v1.0.0-rc.1", False, "rc", True),
        ("v1.0.0-nightly.7", True, "dev", True),
        ("v1.0.0-7", True, "beta", True),
        ("tool@1.0.0-alpha.1", True, "alpha", True),
    ],
)
def test_prerelease_chooses_the_channel(
    repository: Repository, tag: str, flag: bool, channel: str, shown: bool
) -> None:
    assert repository.create(tag, prerelease=flag).json()["prerelease"] is shown
    assert Version.objects.get().channel == channel


def test_prerelease_can_be_changed(repository: Repository) -> None:
    release = repository.publish("v1.0.0-rc.1")
    url = f"/releases/{release['id']}"
    for flag, channel in ((True, "rc"), (False, "stable"), (True, "rc")):
        assert repository.send("patch", url, {"prerelease": flag}).json()["prerelease"] is flag
        assert Version.objects.get().channel == channel


def test_releases_are_listed_newest_first_with_drafts_for_publishers(repository: Repository) -> None:
    repository.publish("v2.0.0")
    repository.publish("v1.9.0")
    repository.create("v3.0.0")
    assert names(repository.get("/releases")) == ["v3.0.0", "v1.9.0", "v2.0.0"]
    assert names(repository.get("/releases", repository.guest)) == ["v1.9.0", "v2.0.0"]
    assert names(repository.get("/releases", ApiClient(make_key()))) == ["v1.9.0", "v2.0.0"]


def test_each_release_names_its_own_author(repository: Repository) -> None:
    for tag in ("v1.0.0", "v2.0.0", "v3.0.0", "v4.0.0"):
        repository.publish(tag)
    member = make_user("Grace")
    Version.objects.filter(number__in=("2.0.0", "4.0.0")).update(author=member)
    Version.objects.filter(number="3.0.0").update(author=None)
    listed = {release["tag_name"]: release["author"]["login"] for release in repository.get("/releases").json()}
    assert listed == {"v1.0.0": "Ada", "v2.0.0": "Grace", "v3.0.0": "ghost", "v4.0.0": "Grace"}
    assert [asset["name"] for release in repository.get("/releases").json() for asset in release["assets"]] == [
        "tool.bin"
    ] * 4
    for path in ("latest", "tags/v4.0.0"):
        assert repository.get(f"/releases/{path}").json()["author"]["login"] == "Grace"
    second_page = repository.get("/releases?per_page=2&page=2").json()
    assert [release["author"]["login"] for release in second_page] == ["Grace", "Ada"]


def test_pages_are_linked(repository: Repository) -> None:
    for number in range(5):
        make_version(repository.download, f"1.{number}")
    first = repository.get("/releases?per_page=2")
    url = f"http://testserver{repository.path}/releases?per_page=2&page="
    assert (names(first), first["Link"]) == (["v1.4", "v1.3"], f'<{url}2>; rel="next", <{url}3>; rel="last"')
    assert repository.get("/releases?per_page=2&page=2")["Link"] == (
        f'<{url}1>; rel="prev", <{url}3>; rel="next", <{url}3>; rel="last", <{url}1>; rel="first"'
    )
    last = repository.get("/releases?per_page=2&page=3")
    assert (names(last), last["Link"]) == (["v1.0"], f'<{url}2>; rel="prev", <{url}1>; rel="first"')
    assert names(repository.get("/releases?per_page=2&page=9")) == []
    assert "Link" not in repository.get("/releases?per_page=1000")


def test_latest_is_by_number_and_no_prerelease(repository: Repository) -> None:
    repository.publish("v2.0.0")
    repository.publish("v1.9.0")
    repository.publish("v3.0.0-rc.1", prerelease=True)
    repository.create("v4.0.0")
    assert repository.get("/releases/latest").json()["tag_name"] == "v2.0.0"


def test_latest_without_releases_is_404(repository: Repository) -> None:
    assert repository.get("/releases/latest").status_code == 404


@pytest.mark.parametrize("path", ["cli/v1.2+b1", "cli%2Fv1.2+b1", "cli%2Fv1.2%2Bb1", "1.2+b1", "v1.2+b1"])
def test_a_tag_is_found_raw_encoded_and_by_its_number(repository: Repository, path: str) -> None:
    repository.publish("cli/v1.2+b1")
    answer = repository.get(f"/releases/tags/{path}", repository.guest)
    assert (answer.status_code, answer.json()["tag_name"]) == (200, "cli/v1.2+b1")
    assert repository.guest.head(f"{repository.path}/releases/tags/{path}").status_code == 200


def test_a_version_made_elsewhere_has_a_tag(repository: Repository) -> None:
    make_file(make_version(repository.download, "1.4.0"))
    assert repository.get("/releases/tags/v1.4.0").json()["tag_name"] == "v1.4.0"


def test_a_draft_is_404_by_its_tag_also_for_its_author(repository: Repository) -> None:
    release = repository.create().json()
    assert repository.get("/releases/tags/v1.0.0").status_code == 404
    assert repository.client.head(f"{repository.path}/releases/tags/v1.0.0").status_code == 404
    assert repository.get(f"/releases/{release['id']}").status_code == 200


def test_only_members_that_are_sent_change(repository: Repository) -> None:
    release = repository.publish(name="One", body="Notes")
    changed = repository.send("patch", f"/releases/{release['id']}", {"tag_name": "v1.0.0", "body": "More"}).json()
    assert (changed["name"], changed["body"], changed["draft"]) == ("One", "More", False)
    moved = repository.send("patch", f"/releases/{release['id']}", {"tag_name": "v1.0.1"}).json()
    assert (moved["tag_name"], Version.objects.get().number) == ("v1.0.1", "1.0.1")


@pytest.mark.parametrize(
    ("media", "members"),
    [
        ("application/vnd.github+json", {"body": NOTES}),
        ("application/vnd.github.raw+json", {"body": NOTES}),
        ("application/vnd.github.text+json", {"body_text": "New & good"}),
        ("text/html, application/vnd.github.v3.html", {"body_html": RENDERED}),
        ("application/vnd.github.beta.raw+json", {"body": NOTES}),
        ("application/vnd.github.VERSION.html+json", {"body_html": RENDERED}),
        ("application/vnd.github.v3.full+json", {"body": NOTES, "body_text": "New & good", "body_html": RENDERED}),
    ],
)
def test_the_media_type_selects_the_form_of_the_notes(
    repository: Repository, media: str, members: dict[str, str]
) -> None:
    repository.publish(body=NOTES)
    answer = repository.get("/releases/latest", headers={"Accept": media})
    assert {name: text for name, text in answer.json().items() if name.startswith("body")} == members
    assert "Accept" in answer["Vary"]
    (listed,) = repository.get("/releases", headers={"Accept": media}).json()
    assert (listed["body"], "body_html" in listed) == (NOTES, False)


def test_a_release_becomes_a_draft_again(repository: Repository) -> None:
    release = repository.publish()
    assert repository.send("patch", f"/releases/{release['id']}", {"draft": True}).json()["draft"] is True
    assert repository.get("/releases", repository.guest).json() == []


def test_a_draft_is_published_without_files_but_not_if_all_were_rejected(repository: Repository) -> None:
    release = repository.create().json()
    assert repository.send("patch", f"/releases/{release['id']}", {"draft": False}).json()["draft"] is False
    rejected = repository.create("v1.1.0").json()
    repository.upload(rejected["id"])
    File.objects.update(validation_status=File.Validation.FAILED)
    answer = repository.send("patch", f"/releases/{rejected['id']}", {"draft": False})
    assert answer.status_code == 422
    assert "has no files" in answer.json()["errors"][0]["message"]


def test_a_release_that_waits_for_approval_stays_a_draft(repository: Repository) -> None:
    update_category(actor=system(), category=repository.download.category, requires_approval=True)
    release = repository.publish()
    assert (release["draft"], Version.objects.get().state) == (True, "pending")
    again = repository.send("patch", f"/releases/{release['id']}", {"draft": False})
    assert (again.status_code, again.json()["draft"]) == (200, True)
    move(Move.PUBLISH, actor=system(), version=Version.objects.get())
    assert repository.get(f"/releases/{release['id']}").json()["draft"] is False


def test_a_deleted_release_is_gone_and_its_tag_stays_taken(repository: Repository) -> None:
    release = repository.publish()
    assert repository.send("delete", f"/releases/{release['id']}").status_code == 204
    for path in (f"/releases/{release['id']}", "/releases/tags/v1.0.0", "/releases/latest"):
        assert repository.get(path).status_code == 404
    assert repository.get("/releases").json() == []
    again = repository.create()
    assert (again.status_code, again.json()["errors"][0]["code"]) == (422, "already_exists")


def test_a_sealed_release_is_immutable(repository: Repository) -> None:
    Download.objects.update(seal_on_publish=True)
    release = repository.publish()
    assert release["immutable"] is True
    asset = f"/releases/assets/{release['assets'][0]['id']}"
    refused = [
        repository.upload(release["id"], "more.bin"),
        repository.send("delete", asset),
        repository.send("patch", asset, {"name": "other.bin"}),
        repository.send("patch", f"/releases/{release['id']}", {"body": "x"}),
    ]
    assert [answer.status_code for answer in refused] == [422] * 4
    assert all("immutable release" in answer.json()["message"] for answer in refused)


def test_versions_of_another_repository_are_not_found(repository: Repository) -> None:
    version = make_version(files=1)
    file = version.files.get()
    for path in (f"/releases/{version.pk}", f"/releases/{version.pk}/assets", f"/releases/assets/{file.pk}"):
        assert repository.get(path).status_code == 404
    assert repository.upload(version.pk).status_code == 404


@pytest.mark.parametrize("number", ["0", "99999999999999999999999999", "-1", "x"])
def test_ids_that_no_row_has_are_404(repository: Repository, number: str) -> None:
    for path in (f"/releases/{number}", f"/releases/assets/{number}", f"/releases/{number}/assets"):
        assert repository.get(path).status_code == 404


def test_generated_notes_have_the_versions_since_the_last_one(repository: Repository) -> None:
    make_file(make_version(repository.download, "1.0.0", release_notes="Old."))
    make_file(make_version(repository.download, "1.1.0-rc.1", release_notes="Faster imports."))
    make_file(make_version(repository.download, "1.1.0-rc.2", changelog="Fixes a crash."))
    answer = repository.send("post", "/releases/generate-notes", {"tag_name": "v1.1.0"}).json()
    assert answer["name"] == "v1.1.0"
    link = f"http://testserver/downloads/tool.{repository.download.pk}/about/compare/?from=1.0.0&to=1.1.0"
    assert answer["body"] == (
        f"## v1.1.0-rc.2\n\nFixes a crash.\n\n## v1.1.0-rc.1\n\nFaster imports.\n\n**Changes since v1.0.0**: {link}"
    )
    created = repository.create("v1.1.0", body="Intro.", generate_release_notes=True).json()
    assert created["body"] == f"Intro.\n\n{answer['body']}"


def test_generated_notes_begin_at_the_named_tag(repository: Repository) -> None:
    for number in ("1.0.0", "1.1.0", "1.2.0"):
        make_file(make_version(repository.download, number, release_notes=f"Notes of {number}."))
    body = {"tag_name": "v1.3.0", "previous_tag_name": "v1.0.0"}
    notes = repository.send("post", "/releases/generate-notes", body).json()["body"]
    assert "Notes of 1.2.0." in notes
    assert "Notes of 1.1.0." in notes
    assert "Notes of 1.0.0." not in notes
    unknown = repository.send("post", "/releases/generate-notes", body | {"previous_tag_name": "v9"})
    assert unknown.status_code == 422


def test_an_organization_is_the_owner(repository: Repository) -> None:
    organization = make_organization()
    Download.objects.update(organization=organization)
    found = ApiClient().get(f"/api/v3/repos/{organization.slug}/TOOL").json()
    assert (found["full_name"], found["owner"]["type"]) == (f"{organization.slug}/tool", "Organization")
    assert ApiClient().get("/api/v3/repos/Ada/tool").status_code == 404


def test_an_auditor_who_cannot_publish_sees_no_draft(repository: Repository) -> None:
    repository.publish("v1.0.0")
    repository.create("v2.0.0")
    auditor = ApiClient(make_key(make_user(is_staff=True, permissions=("view_download",))))
    for page in ("", "?per_page=1&page=1"):
        assert names(repository.get(f"/releases{page}", auditor)) == ["v1.0.0"]


def test_a_team_member_without_the_right_to_publish_sees_no_draft(repository: Repository) -> None:
    reader = make_user()
    TeamMember.objects.create(download=repository.download, user=reader, can_edit=True)
    release, client = repository.create().json(), ApiClient(make_key(reader))
    assert repository.get("/releases", client).json() == []
    assert repository.get(f"/releases/{release['id']}", client).status_code == 404
