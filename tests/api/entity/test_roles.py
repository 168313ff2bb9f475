"""The cells of the roles matrix that this dialect expresses: entities and their versions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from downloads.models import Download
from downloads.services import entity_category
from files.models import PackageUpload
from files.uploads.parts import sign_parts
from releasehub.api.entity.urls import urlpatterns
from releasehub.apikeys.scopes import Scope
from releasehub.publishing.package_uploads import announce_package, open_places
from releasehub.publishing.package_values import Announcement
from tests.api.entity.world import moment, source, upload, zipped
from tests.conftest import ApiClient
from tests.factories import make_key, system
from tests.test_roles_matrix import CASES, World, by_world, footprint, lacks_scope, person, representatives

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
SCOPES = {"read": Scope.DOWNLOAD_READ, "write": Scope.ENTITIES_PUBLISH, "delete_hard": Scope.DOWNLOAD_DELETE_HARD}
# Cells that this dialect has no URL for, or that another cell covers.
ELSEWHERE = {"undelete", "hard_delete", "set_visibility", "list", "manage_files"}
CELLS = [
    case
    for case in CASES
    if case["resource"] in {"download", "version"}
    and case["action"] not in ELSEWHERE
    and (case["resource"], case["action"]) != ("version", "edit")
]
# method of a view -> the action of the matrix whose cells cover it; others have tests of their own
COVERED = {
    "retrieve": "view",
    "details": "view",
    "update": "edit",
    "destroy": "soft_delete",
    "announce": "request_upload_url",
    "confirm": "confirm_upload",
    "activate": "set_active",
    "download": "view",
    "list": "view",
    "active": "view",
}
OWN_TESTS = {
    "EntitiesViewSet": {"create", "icon"},
    "EntitySharesViewSet": {"create", "list", "destroy", "received", "made"},
    "EntityPublishersViewSet": {"create", "list", "retrieve", "destroy"},
    "EntityOrganizationsViewSet": {"list", "create", "retrieve", "storage", "set_storage"},
    "EntityStoreViewSet": {"list", "retrieve", "create", "destroy"},
    "EntityMembersViewSet": {"create", "update", "destroy"},
    "EntityRolesViewSet": {"list", "create", "retrieve", "partial_update", "destroy"},
}


def client(world: World, case: dict[str, Any]) -> ApiClient:
    if case["principal"] == "anonymous":
        return ApiClient()
    if case["principal"] == "super_user_key":
        return ApiClient(make_key(is_super_user=True))
    scopes = [SCOPES[name] for name in case["scopes"]] if "scopes" in case else Scope.values
    return ApiClient(make_key(person(world, case), scopes=scopes))


def announced(world: World) -> PackageUpload:
    """Announce a version as the hub itself, which has all permissions."""
    number, download = moment(), world.download
    announcement = Announcement(number=number, source_hash=source(number))
    return announce_package(actor=system(), download=download, announcement=announcement, places=open_places(download))


def call(world: World, who: ApiClient, case: dict[str, Any]) -> Any:
    url, version = f"/api/entities/{world.download.public_id}", world.version.public_id
    new = {"version": moment(), "source_hash": source(moment())}
    calls: dict[tuple[str, str], Callable[[], Any]] = {
        ("download", "view"): lambda: who.get(url),
        ("download", "edit"): lambda: who.send("put", url, {"name": "Changed"}),
        ("download", "soft_delete"): lambda: who.send("delete", url),
        ("download", "post_version"): lambda: who.send("post", f"{url}/versions/upload-url", new),
        ("version", "view"): lambda: who.get(f"{url}/versions/{version}/download"),
        ("version", "soft_delete"): lambda: who.send("delete", f"{url}/versions/{version}"),
        ("version", "set_active"): lambda: who.send("put", f"{url}/versions/active", {"versionId": version}),
    }
    if (case["resource"], case["action"]) in calls:
        return calls[case["resource"], case["action"]]()
    if case["action"] == "request_upload_url":
        return who.send("post", f"{url}/versions/upload-url", new)
    return confirm(world, who, url)


def confirm(world: World, who: ApiClient, url: str) -> Any:
    content, plan = zipped(), announced(world)
    (address,) = sign_parts(plan.package, [(1, "")])
    assert upload(address.put.url, content) in {200, 204}
    body = {
        "storage_path": plan.package.storage_key,
        "version": plan.number,
        "source_hash": plan.source_hash,
        "file_size_bytes": len(content),
    }
    return who.send("post", f"{url}/versions/confirm", body)


def be_entity(world: World) -> None:
    Download.all_objects.update(category=entity_category())
    world.download.refresh_from_db()


def is_of_the_entity(case: dict[str, Any]) -> bool:
    """An upload creates a new version in this dialect, so the state of another version does not matter."""
    return case["action"] in {"request_upload_url", "confirm_upload"}


def is_allowed(case: dict[str, Any]) -> bool:
    """Return the permissions of the matrix, except that nothing is open without a key."""
    return bool(case["expect"] == "allow" and case["principal"] != "anonymous")


RUN = representatives(
    case for case in CELLS if not (is_of_the_entity(case) and case["state"] in {"draft", "soft_deleted"})
)


@by_world(RUN)
def test_entity_dialect_matches_the_roles_matrix(world: World, case: dict[str, Any]) -> None:
    be_entity(world)
    who = client(world, case)
    before = not is_allowed(case) and footprint()
    answer = call(world, who, case)
    if is_allowed(case) and (case["resource"], case["action"], case["state"]) == ("version", "view", "soft_deleted"):
        assert answer.status_code == 410, answer.content  # the team sees that it was deleted, but gets no package
    elif is_allowed(case):
        assert answer.status_code in {200, 201, 204}, answer.content
    else:
        assert answer.status_code in {401, *case.get("status", [])} - {200, 201}, answer.content
        assert footprint() == before
        assert answer.json()["error"]


def test_matrix_contains_cases_without_scope() -> None:
    assert [case for case in RUN if lacks_scope(case)]


def test_every_route_is_covered_by_the_matrix_or_by_tests_of_its_own() -> None:
    actions = {case["action"] for case in CASES}
    for pattern in urlpatterns[:-1]:
        view = pattern.callback.cls.__name__
        for verb, method in pattern.callback.actions.items():
            is_own = method in OWN_TESTS.get(view, set())
            assert is_own or COVERED.get(method) in actions, (view, verb, method)
