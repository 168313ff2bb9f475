"""The hub itself, the caller, the repository, and the headers of every answer."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from downloads.models import TeamMember
from downloads.services import update_download
from releasehub.accounts.models import User
from tests.api.github.conftest import Repository
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_organization, make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.mark.parametrize("path", ["/api/v3", "/api/v3/", "/api/v3/meta", "/api/v3/rate_limit"])
def test_the_root_needs_no_key(path: str) -> None:
    answer = ApiClient().get(path)
    assert (answer.status_code, answer["X-GitHub-Enterprise-Version"]) == (200, "3.17.0")
    assert answer["X-OAuth-Scopes"] == ""


def test_the_root_and_the_version() -> None:
    assert ApiClient().get("/api/v3/").json()["current_user_url"] == "http://testserver/api/v3/user"
    assert ApiClient().get("/api/v3/meta").json()["installed_version"] == "3.17.0"


def test_the_user_is_that_of_the_key(repository: Repository) -> None:
    user = repository.client.get("/api/v3/user").json()
    assert (user["login"], user["id"], user["type"]) == ("Ada", repository.owner.pk, "User")
    assert user["email"] is None
    assert ApiClient().get("/api/v3/user").status_code == 401
    owner = make_user(is_superuser=True)
    assert ApiClient(make_key(owner, is_super_user=True)).get("/api/v3/user").status_code == 403


@pytest.mark.parametrize("scheme", ["token", "Bearer", "bearer"])
def test_keys_are_read_as_clients_send_them(repository: Repository, scheme: str) -> None:
    client = Client(headers={"Authorization": f"{scheme} {make_key(repository.owner)}"})
    assert client.get("/api/v3/user").json()["login"] == "Ada"


def test_every_answer_has_the_headers_of_the_contract(repository: Repository) -> None:
    release = repository.publish()
    for path in ("", "/releases", f"/releases/{release['id']}", "/releases/tags/none"):
        answer = repository.get(path)
        assert answer["X-OAuth-Scopes"] == "read:org, repo"
        assert (answer["X-RateLimit-Resource"], answer["X-RateLimit-Used"]) == ("core", "0")
        assert int(answer["X-RateLimit-Remaining"]) == int(answer["X-RateLimit-Limit"])
        assert time.time() < int(answer["X-RateLimit-Reset"]) <= time.time() + 3600
        assert answer["X-GitHub-Request-Id"] == answer["X-Request-Id"]
        assert answer["Access-Control-Allow-Origin"] == "*"


def test_anonymous_callers_have_the_limit_of_visitors(settings: Any) -> None:
    settings.ANONYMOUS_RATE = 60
    answer = ApiClient().get("/api/v3/rate_limit")
    core = answer.json()["resources"]["core"]
    assert core == answer.json()["rate"]
    assert (core["limit"], core["used"], core["remaining"]) == (60, 1, 59)
    assert answer["X-RateLimit-Reset"] == str(core["reset"])


def test_a_key_that_only_reads_names_no_scope(repository: Repository) -> None:
    key = make_key(repository.owner, scopes=["mc_dm_download:read"])
    assert ApiClient(key).get("/api/v3/user")["X-OAuth-Scopes"] == ""


def test_unchanged_content_is_not_sent_again(repository: Repository) -> None:
    release = repository.publish()
    for path in ("", "/releases", f"/releases/{release['id']}", "/releases/latest", "/tags"):
        etag = repository.get(path)["ETag"]
        answer = repository.get(path, headers={"If-None-Match": f"W/{etag}"})
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", etag)
        assert answer["X-RateLimit-Limit"]
    etag = repository.get("/releases")["ETag"]
    repository.send("patch", f"/releases/{release['id']}", {"name": "New"})
    assert repository.get("/releases", headers={"If-None-Match": etag}).status_code == 200


def test_changes_on_the_condition_that_nothing_has_changed(repository: Repository) -> None:
    release = repository.publish()
    url = f"/releases/{release['id']}"
    etag = repository.get(url)["ETag"]
    first = repository.send("patch", url, {"name": "One"}, headers={"If-Match": etag})
    assert (first.status_code, first["ETag"]) == (200, repository.get(url)["ETag"])
    second = repository.send("patch", url, {"name": "Two"}, headers={"If-Match": etag})
    assert (second.status_code, repository.get(url).json()["name"]) == (412, "One")
    asset = f"/releases/assets/{release['assets'][0]['id']}"
    assert repository.send("delete", asset, headers={"If-Match": '"old"'}).status_code == 412
    assert repository.send("delete", asset, headers={"If-Match": repository.get(asset)["ETag"]}).status_code == 204


def test_scripts_of_other_origins_may_call_the_api(repository: Repository) -> None:
    answer = repository.guest.options(
        f"{repository.path}/releases",
        headers={"Origin": "https://app.example.com", "Access-Control-Request-Method": "POST"},
    )
    assert answer.status_code == 204
    assert "X-GitHub-Api-Version" in answer["Access-Control-Allow-Headers"]
    exposed = repository.get()["Access-Control-Expose-Headers"]
    assert {"Link", "X-RateLimit-Remaining", "X-OAuth-Scopes"} <= set(exposed.split(", "))


def test_a_repository_is_described(repository: Repository) -> None:
    found = repository.guest.get("/api/v3/repos/ADA/Tool").json()
    assert (found["full_name"], found["private"], found["visibility"]) == ("Ada/tool", False, "public")
    assert found["clone_url"] == "http://testserver/Ada/tool.git"
    assert found["url"] == "http://testserver/api/v3/repos/Ada/tool"
    assert found["permissions"] == dict.fromkeys(("admin", "maintain", "push", "triage"), False) | {"pull": True}
    assert all(repository.get().json()["permissions"].values())


@pytest.mark.parametrize(("visibility", "shown"), [("members", "internal"), ("private", "private")])
def test_hidden_repositories_are_private(repository: Repository, visibility: str, shown: str) -> None:
    update_download(actor=system(), download=repository.download, visibility=visibility)
    found = repository.get().json()
    assert (found["private"], found["visibility"]) == (True, shown)


def test_an_earlier_name_finds_the_repository(repository: Repository) -> None:
    update_download(actor=system(), download=repository.download, slug="newtool")
    found = repository.get("", repository.guest)
    assert (found.status_code, found.json()["full_name"]) == (200, "Ada/newtool")


def test_collaborators_are_those_who_may_publish(repository: Repository) -> None:
    member, reader = make_user("Bob"), make_user("Eve")
    TeamMember.objects.create(download=repository.download, user=member, can_upload=True)
    TeamMember.objects.create(download=repository.download, user=reader, can_edit=True)
    names = ("Ada", "ada", "Bob", "bob", "Eve", "Nobody")
    make_user("bob")  # another account, so that only the exact spelling counts
    statuses = {name: repository.get(f"/collaborators/{name}").status_code for name in names}
    assert statuses == {"Ada": 204, "ada": 204, "Bob": 204, "bob": 404, "Eve": 404, "Nobody": 404}
    assert repository.get("/collaborators/Ada", ApiClient(make_key(make_user()))).status_code == 403
    assert repository.get("/collaborators/Ada", repository.guest).status_code == 401


def test_users_are_those_who_have_published_something_for_the_caller(repository: Repository) -> None:
    member = make_user("Bob", first_name="Bob", last_name="Ross")
    make_user("Eve")
    TeamMember.objects.create(download=repository.download, user=member, can_upload=True)
    paths = [f"/api/v3/users/{name}" for name in ("Ada", "Bob", "Eve", "Nobody")]
    assert [repository.guest.get(path).status_code for path in paths] == [200, 404, 404, 404]
    release = repository.create(client=ApiClient(make_key(member))).json()
    assert repository.guest.get(paths[1]).status_code == 404  # nobody else sees the draft
    author = repository.client.get(release["author"]["url"].removeprefix("http://testserver")).json()
    assert (author["login"], author["name"], author["site_admin"]) == ("Bob", "Bob Ross", False)
    update_download(actor=system(), download=repository.download, visibility="private")
    assert [repository.guest.get(path).status_code for path in paths] == [404] * 4


def test_the_ghost_is_the_user_who_is_gone() -> None:
    found = ApiClient().get("/api/v3/users/ghost").json()
    assert (found["login"], found["id"], found["created_at"]) == ("ghost", 0, "1970-01-01T00:00:00Z")


def test_organizations_are_users_too() -> None:
    organization = make_organization("Acme")
    path = f"/api/v3/users/{organization.slug}"
    assert ApiClient().get(path).status_code == 404
    make_download(organization=organization)
    found = ApiClient().get(path).json()
    assert (found["login"], found["name"], found["type"]) == (organization.slug, "Acme", "Organization")


def test_collaborators_do_not_tell_who_is_staff_of_the_hub(repository: Repository) -> None:
    moderator = make_user("Mod", permissions=("moderate_download",), is_staff=True)
    administrator = make_user("Root", is_superuser=True)
    assert [repository.get(f"/collaborators/{name}").status_code for name in ("Mod", "Root")] == [404, 404]
    for user in (moderator, administrator):
        assert repository.get(f"/collaborators/{user}", ApiClient(make_key(user))).status_code == 204


def test_there_are_no_attestations_and_no_source(repository: Repository) -> None:
    repository.publish()
    for path in ("/attestations/sha256:" + "0" * 64, "/zipball/v1.0.0", "/tarball/v1.0.0"):
        assert repository.get(path).status_code == 404


def test_tags_are_those_of_published_releases(repository: Repository) -> None:
    sha = "5f2d0b3c1a4e6f7890abcdef1234567890abcdef"
    repository.publish("cli/v1.2+b1", target_commitish=sha)
    repository.publish("v2.0.0", target_commitish="main")
    repository.create("v3.0.0")
    tags = {tag["name"]: tag["commit"]["sha"] for tag in repository.get("/tags").json()}
    assert tags == {"v2.0.0": "0" * 40, "cli/v1.2+b1": sha}
    assert 'page=2>; rel="last"' in repository.get("/tags?per_page=1")["Link"]
    found = [ref["ref"] for ref in repository.get("/git/matching-refs/tags/cli/").json()]
    assert found == ["refs/tags/cli/v1.2+b1"]
    for path in ("/git/matching-refs/tags", "/git/matching-refs/tags/", "/git/refs", "/git/refs/tags"):
        assert [ref["ref"] for ref in repository.get(path).json()] == ["refs/tags/cli/v1.2+b1", "refs/tags/v2.0.0"], (
            path
        )
    assert repository.get("/git/matching-refs/tags/w").json() == []
    reference = repository.get("/git/ref/tags/cli%2Fv1.2+b1").json()
    assert (reference["ref"], reference["object"]["sha"]) == ("refs/tags/cli/v1.2+b1", sha)
    assert repository.client.get(reference["url"]).json() == reference
    for path in ("/git/ref/tags/v3.0.0", "/git/refs/tags/v3.0.0"):
        assert repository.get(path).status_code == 404, path


def test_the_tag_of_a_deleted_release_can_be_deleted(repository: Repository) -> None:
    release = repository.publish("cli/v1.1")
    url = "/git/refs/tags%2Fcli%2Fv1.1"
    assert repository.send("delete", url).status_code == 422
    repository.send("delete", f"/releases/{release['id']}")
    assert repository.send("delete", url, client=ApiClient(make_key(make_user()))).status_code == 403
    assert repository.send("delete", url).status_code == 204
    absent = repository.send("delete", "/git/refs/tags/v9")
    assert (absent.status_code, absent.json()["errors"][0]["message"]) == (422, "Reference does not exist")


class TestQueries:
    """A list takes the same number of queries, however many rows it has."""

    MOST = {"/releases": 8, "/releases/latest": 8, "/releases/tags/v1.0.0": 8, "/tags": 6}

    def count(self, repository: Repository) -> dict[tuple[str, str], int]:
        found = {}
        for name, client in (("owner", repository.client), ("guest", repository.guest)):
            for path in self.MOST:
                with CaptureQueriesContext(connection) as captured:
                    assert repository.get(path, client).status_code == 200
                found[name, path] = len(captured)
        return found

    def test_the_number_is_constant(self, repository: Repository) -> None:
        repository.publish("v1.0.0")
        few = self.count(repository)
        for number in range(3):
            repository.publish(f"v2.0.{number}", "a.bin", "b.bin")
        many = self.count(repository)
        assert {place: number for place, number in few.items() if number > self.MOST[place[1]]} == {}
        assert {place: number for place, number in many.items() if number > few[place]} == {}


def test_links_to_other_pages_quote_the_path(repository: Repository) -> None:
    """Anything else than ASCII would turn the whole header into an encoded word, and `>` would end the link."""
    link = repository.get("/git/matching-refs/tags/%3E%C3%BC%25?page=2")["Link"]
    url = "http://testserver/api/v3/repos/Ada/tool/git/matching-refs/tags/%3E%C3%BC%25?page=1"
    assert link == f'<{url}>; rel="prev", <{url}>; rel="first"'


def test_only_administrators_themselves_learn_who_administers_the_hub(repository: Repository) -> None:
    User.objects.update(is_superuser=True)
    repository.publish()
    owner = repository.get(client=repository.guest).json()["owner"]
    author = repository.get("/releases/latest", repository.guest).json()["author"]
    assert (owner["site_admin"], author["site_admin"]) == (False, False)
    assert repository.client.get("/api/v3/user").json()["site_admin"] is True
