"""The cells of the roles matrix that the v3 dialect can express."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings

from releasehub.api.v3.urls import urlpatterns
from releasehub.apikeys.scopes import Scope
from tests.conftest import ApiClient
from tests.factories import make_key
from tests.test_roles_matrix import CASES, ONE_STEP_UPLOAD, World, by_world, footprint, person, representatives

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
READS = {"view", "list", "download_file"}
NAMES = {"download": "products", "version": "releases", "file": "release-files"}
EXPRESSED = {
    ("download", "view"), ("download", "list"), ("download", "edit"), ("download", "soft_delete"),
    ("download", "post_version"), ("version", "view"), ("version", "list"), ("version", "edit"),
    ("version", "soft_delete"), ("file", "view"), ("file", "list"), ("file", "soft_delete"), ("file", "download_file"),
    *(("version", action) for action in ONE_STEP_UPLOAD),
}  # fmt: skip
# This dialect shows no deleted objects, requires a token for everything, and has no permanent deletion.
LEFT_OUT = {"hard_delete", "undelete", "set_active", "set_visibility"}
OWN = "has tests of its own"
ROUTES = {
    "v3-product-list": ["list"], "v3-product-detail": ["view", "edit", "soft_delete"],
    "v3-release-list": ["list", "post_version"], "v3-release-detail": ["view", "edit", "soft_delete"],
    "v3-release-publish": ["edit"], "v3-release-unpublish": ["edit"], "v3-release-archive": ["edit"],
    "v3-release-unarchive": ["edit"], "v3-release-file-list": ["list", "manage_files"],
    "v3-release-file-detail": ["view", "soft_delete"], "v3-content": ["download_file", "manage_files"],
    "v3-account-content": ["download_file"], "v3-me": OWN,
    "v3-unnamed-content": ["manage_files"], "v3-my-release-list": OWN, "v3-login": OWN, "v3-status": OWN,
    "v3-update": OWN, "v3-latest": OWN, "v3-release-channel-list": OWN, "v3-release-channel-detail": OWN,
    "v3-release-platform-list": OWN, "v3-release-platform-detail": OWN, "v3-personal-access-token-list": OWN,
    "v3-personal-access-token-detail": OWN, "v3-webhook-list": OWN, "v3-webhook-detail": OWN, "v3-webhook-events": OWN,
    "v3-webhook-test": OWN, "v3-webhook-event-log-list": OWN, "v3-webhook-event-log-detail": OWN,
    "v3-webhook-event-log-retry": OWN,
}  # fmt: skip


def fits(case: dict[str, Any]) -> bool:
    if case["state"] == "soft_deleted" or (case["resource"], case["action"]) not in EXPRESSED:
        return False
    return case["principal"] != "anonymous" or case["action"] == "download_file"


FITTING = [case for case in CASES if fits(case)]


def client(world: World, case: dict[str, Any]) -> ApiClient:
    if case["principal"] == "anonymous":
        return ApiClient()
    if case["principal"] == "super_user_key":
        return ApiClient(make_key(is_super_user=True))
    scopes = list(Scope.values)
    if "scopes" in case:
        kinds = ["read"] * ("read" in case["scopes"]) + ["write"] * ("write" in case["scopes"])
        scopes = [f"{thing}:{kind}" for thing in ("release", "product") for kind in kinds]
    return ApiClient(make_key(person(world, case), scopes=scopes))


def call(world: World, who: ApiClient, case: dict[str, Any]) -> Any:
    resource, action = case["resource"], case["action"]
    target = world.target(resource)
    item = f"/v3/{NAMES[resource]}/{target.public_id}"
    if action == "view":
        return who.get(item)
    if action == "edit":
        return who.send("patch", item, {"name": "Changed"})
    if action == "soft_delete":
        return who.send("delete", item)
    if action == "post_version":
        return who.send("post", "/v3/releases", {"name": "R", "version": "2.0.0", "productId": target.public_id})
    if action == "download_file":
        return who.get(f"/v3/{world.version.public_id}/{world.file.filename}")
    return who.put(f"/v3/{target.public_id}/more.bin", b"more", content_type="text/plain")


@by_world(representatives(case for case in FITTING if case["action"] != "list"))
def test_v3_matches_the_roles_matrix(world: World, case: dict[str, Any]) -> None:
    who = client(world, case)
    before = case["expect"] == "deny" and footprint()
    answer = call(world, who, case)
    if answer.streaming:
        assert b"".join(answer)
    if case["expect"] == "allow":
        is_sent_to_storage = case["action"] == "download_file" and settings.STORAGE_KIND == "s3"
        assert answer.status_code in ({302} if is_sent_to_storage else {200, 201, 204})
    else:
        assert answer.status_code in case["status"]
        assert footprint() == before
        assert answer.json()["code"]


@by_world(representatives(case for case in FITTING if case["action"] == "list"))
def test_v3_lists_match_the_roles_matrix(world: World, case: dict[str, Any]) -> None:
    answer = client(world, case).get(f"/v3/{NAMES[case['resource']]}")
    is_listed = case["expect"] == "allow"
    assert answer.status_code == 200
    ids = [row["id"] for row in answer.json()]
    assert ids == [world.target(case["resource"]).public_id] * is_listed
    assert answer["Pagination-Count"] == str(int(is_listed))


def test_every_route_is_in_a_cell_or_has_tests_of_its_own() -> None:
    names = {str(pattern.name) for pattern in urlpatterns if pattern.name}
    assert names == set(ROUTES)
    expressed = {action for _, action in EXPRESSED}
    assert all(set(actions) <= expressed for actions in ROUTES.values() if actions is not OWN)
    assert {case["action"] for case in CASES} <= expressed | LEFT_OUT | ONE_STEP_UPLOAD
