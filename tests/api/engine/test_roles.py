"""The cells of the roles matrix that this dialect can express."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from releasehub.apikeys.scopes import Scope
from tests.api.described import operations
from tests.conftest import ApiClient
from tests.factories import make_key, make_loose_upload
from tests.test_roles_matrix import CASES, World, by_world, footprint, person, representatives

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
SCOPES = {"read": Scope.VERSION_READ, "write": Scope.VERSION_WRITE}
PAGE = "https://github.com/o/r/releases/tag/v1"
# (resource, action) -> HTTP method and path of the operation in this dialect
CELLS = {
    ("version", "view"): ("get", "/version/{id}"),
    ("version", "list"): ("get", "/version"),
    ("version", "edit"): ("patch", "/version/{id}"),
    ("version", "manage_files"): ("patch", "/version/{id}"),
    ("version", "soft_delete"): ("delete", "/version/{id}"),
    ("download", "post_version"): ("post", "/version"),
    ("file", "view"): ("get", "/version_file/{hash}"),
    ("file", "soft_delete"): ("delete", "/version_file/{hash}"),
}
SAME_ROWS = {
    ("post", "/version/{id}/file"): ("version", "manage_files"),
    ("get", "/versions"): ("version", "view"),
    ("get", "/version/latest"): ("version", "list"),
    ("get", "/version_files"): ("file", "view"),
    ("post", "/version_files"): ("file", "view"),
    ("post", "/version_file/{hash}/update"): ("file", "view"),
}


def is_expressible(case: dict[str, Any]) -> bool:
    """Deleted rows are in no list of this dialect, and a deleted file cannot be found by its hash."""
    if (case["resource"], case["action"]) not in CELLS:
        return False
    is_gone = case["state"] == "soft_deleted"
    return not (is_gone and (case["resource"] == "file" or case["action"] == "list"))


HERE = [case for case in CASES if is_expressible(case)]


@pytest.fixture(autouse=True)
def served(settings: Any) -> None:
    """Serve the download of the matrix by its slug, so that it is served even while it is deleted."""
    settings.ENGINE_DOWNLOAD = "engine-of-the-matrix"


def be_served(world: World) -> None:
    type(world.download).all_objects.filter(pk=world.download.pk).update(slug="engine-of-the-matrix")


def client(world: World, case: dict[str, Any]) -> ApiClient:
    if case["principal"] == "anonymous":
        return ApiClient()
    if case["principal"] == "super_user_key":
        return ApiClient(make_key(is_super_user=True))
    wanted = [SCOPES[name] for name in case["scopes"] if name in SCOPES] if "scopes" in case else Scope.values
    return ApiClient(make_key(person(world, case), scopes=wanted))


def call(world: World, who: ApiClient, case: dict[str, Any]) -> Any:
    version, action = world.version, case["action"]
    item = f"/version/{version.public_id}"
    owner = person(world, case) or world.people["author"]
    calls: dict[tuple[str, str], Callable[[], Any]] = {
        ("version", "view"): lambda: who.get(item),
        ("version", "list"): lambda: who.get("/version"),
        ("version", "edit"): lambda: who.send("patch", item, {"name": "Changed"}),
        ("version", "manage_files"): lambda: who.send(
            "patch", item, {"files": [{"file_id": make_loose_upload(owner).public_id}]}
        ),
        ("version", "soft_delete"): lambda: who.delete(f"{item}?reason=matrix"),
        ("download", "post_version"): lambda: who.send(
            "post", "/version", {"version_number": "2.0.0", "github_release_url": PAGE, "status": "draft"}
        ),
        ("file", "view"): lambda: who.get(f"/version_file/{world.file.blob.sha512}"),  # type: ignore[union-attr]
        ("file", "soft_delete"): lambda: who.delete(f"/version_file/{world.file.blob.sha512}"),  # type: ignore[union-attr]
    }
    return calls[case["resource"], action]()


@by_world(representatives(case for case in HERE if case["action"] != "list"))
def test_engine_matches_the_roles_matrix(world: World, case: dict[str, Any]) -> None:
    be_served(world)
    who, before = client(world, case), case["expect"] == "deny" and footprint()
    answer = call(world, who, case)
    if case["expect"] == "allow":
        assert answer.status_code in {200, 204}, answer.content
    else:
        assert answer.status_code in case["status"], answer.content
        assert footprint() == before
        assert list(answer.json()) == ["error", "description"]


@by_world(representatives(case for case in HERE if case["action"] == "list"))
def test_engine_lists_match_the_roles_matrix(world: World, case: dict[str, Any]) -> None:
    """A download that the caller may not see is not found."""
    be_served(world)
    answer = client(world, case).get("/version")
    listed = [version["id"] for version in answer.json()] if answer.status_code == 200 else []
    assert listed == ([world.version.public_id] if case["expect"] == "allow" else [])
    assert answer.status_code in {200, 404}


def test_every_operation_is_a_cell_of_the_matrix() -> None:
    assert {(case["resource"], case["action"]) for case in HERE} == set(CELLS)
    assert set(operations("/version")) == {*CELLS.values(), *SAME_ROWS}
