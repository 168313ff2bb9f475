"""Creating, showing, changing and deleting entities, with their icons."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from downloads.models import Category, Download, TeamMember
from downloads.services import set_team_member, share_download
from files.models import Blob, DownloadIcon, UploadSession
from releasehub.apikeys.scopes import Scope
from releasehub.audit.models import AuditEntry
from releasehub.webhooks.models import Event
from tests.api.entity.world import World, acting, moment, upload
from tests.conftest import ApiClient, Ready
from tests.factories import make_download, make_key, make_user, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db
URL = "/api/entities"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'></svg>"


@pytest.fixture(scope="module")
def ready(make_ready: Any) -> Iterator[Ready]:
    with make_ready(World) as made:
        yield made


def create(client: ApiClient, **fields: Any) -> Any:
    return client.send("post", URL, {"type": "app", "slug": "timer", "name": "Timer"} | fields)


def test_created_entity_is_a_private_download_of_the_caller(world: World) -> None:
    answer = create(world.client, description="Counts down.")
    entity = Download.objects.get(slug="timer")
    assert (answer.status_code, answer.json()["entity"]["id"]) == (201, entity.public_id)
    assert (entity.visibility, entity.owner, entity.category.slug) == ("private", world.owner, "entities")
    assert answer.json()["storage_config"]["is_platform_managed"] is True


def test_entity_category_is_created_once(world: World) -> None:
    create(world.client)
    assert Category.objects.filter(slug="entities").count() == 1


def test_slugs_are_unique(world: World) -> None:
    assert create(world.client).status_code == 201
    answer = create(world.as_user(make_user()))
    assert (answer.status_code, answer.json()["error"]) == (409, "download_slug_taken")


@pytest.mark.embedded
@pytest.mark.parametrize(
    "fields", [{"type": "other"}, {"slug": "a b"}, {"slug": ""}, {"name": "\0"}, {"name": []}, {"icon_hash": "xyz"}]
)
def test_invalid_values_are_rejected(world: World, fields: dict[str, Any]) -> None:
    answer = create(world.client, **fields)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_input")


@pytest.mark.embedded
def test_create_needs_its_scope() -> None:
    assert create(ApiClient(make_key(scopes=[Scope.ENTITIES_SHARE]))).status_code == 403


@pytest.mark.embedded
def test_request_without_a_key_is_401(world: World) -> None:
    assert ApiClient().get(world.url).status_code == 401


@pytest.mark.embedded
def test_outsiders_get_404(world: World) -> None:
    stranger = world.as_user(make_user())
    assert stranger.get(world.url).status_code == 404
    assert stranger.send("put", world.url, {"name": "Mine"}).status_code == 404


@pytest.mark.embedded
def test_other_downloads_are_not_entities(world: World) -> None:
    download = make_download(world.owner)
    assert world.client.get(f"{URL}/{download.public_id}").status_code == 404


def test_show_has_versions_newest_first_and_the_active_one(world: World) -> None:
    older, newer = moment(), moment()
    make_version(world.entity, older)
    make_version(world.entity, newer)
    shown = world.client.get(world.url).json()
    assert [version["version"] for version in shown["versions"]] == [newer, older]
    assert (shown["total"], shown["active_version"]) == (2, None)


def test_shared_users_see_published_versions_only(world: World) -> None:
    user = make_user()
    share_download(actor=acting(world.owner), download=world.entity, user=user)
    make_version(world.entity, moment(), state="draft")
    make_version(world.entity, moment())
    shown = world.as_user(user).get(world.url).json()
    assert (len(shown["versions"]), shown["total"]) == (1, 1)


def test_author_of_drafts_is_a_contributor_for_the_team_only(world: World) -> None:
    user, author = make_user(), make_user()
    share_download(actor=acting(world.owner), download=world.entity, user=user)
    draft = make_version(world.entity, moment(), state="draft")
    Version.objects.filter(pk=draft.pk).update(author=author)
    for client, expected in ((world.client, [author.public_id]), (world.as_user(user), [])):
        shown = client.get(f"{world.url}/details").json()
        assert [person["id"] for person in shown["contributors"]] == expected


def test_details_add_people_and_dependencies(world: World) -> None:
    world.pushed(set_as_active=True, service_dependencies=["database"])
    shown = world.client.get(f"{world.url}/details").json()
    assert [person["id"] for person in shown["contributors"]] == [world.owner.public_id]
    assert [person["userId"] for person in shown["publishers"]] == [world.owner.public_id]
    assert (shown["dependencies"], shown["store"]) == (["database"], [])


def test_update_changes_only_the_given_fields(world: World) -> None:
    answer = world.client.send("put", world.url, {"name": "Alarm", "description": ""})
    assert (answer.status_code, answer.json()["entity"]["name"]) == (200, "Alarm")


def test_update_keeps_slug_and_type(world: World) -> None:
    world.client.send("put", world.url, {"slug": "other", "type": "service"})
    before = world.entity.slug
    world.entity.refresh_from_db()
    assert (world.entity.slug, world.entity.kind) == (before, "app")


@pytest.mark.embedded
def test_readers_cannot_change_it(world: World) -> None:
    user = make_user()
    share_download(actor=acting(world.owner), download=world.entity, user=user)
    answer = world.as_user(user).send("put", world.url, {"name": "Mine"})
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")


@pytest.mark.embedded
def test_stale_updates_are_refused(world: World) -> None:
    tag = world.client.get(world.url)["ETag"]
    world.client.send("put", world.url, {"name": "Alarm"})
    assert world.client.send("put", world.url, {"name": "Clock"}, headers={"If-Match": tag}).status_code == 412


def test_delete_hides_it_from_everybody_else(world: World) -> None:
    user = make_user()
    share_download(actor=acting(world.owner), download=world.entity, user=user)
    assert world.client.send("delete", world.url).status_code == 204
    assert world.as_user(user).get(world.url).status_code == 404
    assert world.client.get(world.url).json()["entity"]["deleted_at"]
    assert world.client.send("put", world.url, {"name": "Alarm"}).status_code == 409


@pytest.mark.embedded
def test_only_the_owner_deletes(world: World) -> None:
    partner = make_user()
    set_team_member(actor=system(), download=world.entity, user=partner, flags=set(TeamMember.FLAGS))
    assert world.as_user(partner).send("delete", world.url).status_code == 403


def icon(world: World, content: bytes = PNG, ext: str = "png") -> str:
    answer = world.client.send("post", f"{URL}/icon-upload-url", {"entity_slug": "timer", "ext": ext})
    assert answer.status_code == 201
    assert upload(answer.json()["upload_url"], content) in {200, 204}
    return str(answer.json()["storage_path"])


@pytest.mark.parametrize(("ext", "content"), [("png", PNG), ("svg", SVG)])
def test_entity_with_an_icon(world: World, ext: str, content: bytes) -> None:
    path, digest = icon(world, content, ext), hashlib.sha256(content).hexdigest()
    answer = create(world.client, icon_path=path, icon_hash=digest)
    shown = answer.json()["entity"]
    assert (answer.status_code, shown["icon_path"], shown["icon_hash"]) == (201, path, digest)
    assert UploadSession.objects.get(storage_key=path).blob is None
    assert not Blob.objects.unused().exists()


def test_icon_can_be_fetched_for_a_while(world: World, local_storage: Any) -> None:
    shown = create(world.client, icon_path=icon(world)).json()["entity"]
    answer = ApiClient().get(shown["icon_url"].removeprefix("http://testserver"))
    assert (answer.status_code, b"".join(answer)) == (200, PNG)


@pytest.mark.embedded
def test_icon_hash_is_compared(world: World) -> None:
    answer = create(world.client, icon_path=icon(world), icon_hash="0" * 40)
    assert (answer.status_code, answer.json()["error"]) == (422, "file_digest_differs")
    assert not Download.objects.filter(slug="timer").exists()


@pytest.mark.embedded
def test_icons_must_be_images(world: World) -> None:
    answer = create(world.client, icon_path=icon(world, b"<html><script>", "svg"))
    assert (answer.status_code, answer.json()["error"]) == (422, "file_type_refused")
    assert not Blob.objects.exists()


@pytest.mark.embedded
def test_icon_uploads_of_other_users_are_rejected(world: World) -> None:
    path = icon(world)
    answer = create(world.as_user(make_user()), icon_path=path)
    assert answer.status_code == 400


def test_icon_without_uploaded_bytes_is_rejected(world: World) -> None:
    answer = world.client.send("post", f"{URL}/icon-upload-url", {"entity_slug": "timer", "ext": "png"})
    assert create(world.client, icon_path=answer.json()["storage_path"]).status_code == 409


def test_icon_is_replaced_and_removed(world: World) -> None:
    first = icon(world)
    assert world.client.send("put", world.url, {"icon_path": first}).status_code == 200
    assert world.client.send("put", world.url, {"icon_path": first}).status_code == 200  # again: nothing to do
    assert world.client.send("put", world.url, {"icon_path": icon(world, SVG, "svg")}).status_code == 200
    assert world.client.send("put", world.url, {"icon_path": ""}).json()["entity"]["icon_path"] is None
    assert not DownloadIcon.objects.exists()
    assert Event.objects.filter(type="download.updated").count() == 3
    assert AuditEntry.objects.filter(action="download.update").count() == 3


@pytest.mark.embedded
def test_queries_do_not_grow_with_the_versions(world: World) -> None:
    def queries(number: int) -> dict[str, int]:
        found = {}
        for _ in range(number):
            make_version(world.entity, moment(), files=1)
        for path in ("", "/details", "/versions"):
            with CaptureQueriesContext(connection) as captured:
                assert world.client.get(world.url + path).status_code == 200
            found[path] = len(captured)
        return found

    world.client.get(world.url)  # the key's last use is written once a minute
    assert queries(1) == queries(4)
