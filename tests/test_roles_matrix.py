"""The roles matrix: every certain cell on policies and querysets, and representative cells through the mc-dm API.

The policies are the home of the rules. A dialect proves with the cells of `representatives` that each of its actions
asks the policy, and asks it the right question.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from downloads.models import AccessKey, Download, TeamMember
from downloads.policies import download_policy
from downloads.services import publish_to_store, set_team_member, share_download, update_download
from files.models import File, UploadSession
from files.policies import file_policy
from files.uploads.sessions import begin_upload, open_incoming
from releasehub.accounts.models import User
from releasehub.api.mc_dm.urls import router
from releasehub.apikeys.scopes import Scope
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor, Origin
from releasehub.core.errors import DomainError
from releasehub.distribution.access_key_import import import_access_keys
from releasehub.publishing.deletion import delete_download, delete_file, delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.conftest import ApiClient, Ready, begin_with
from tests.factories import (
    make_category,
    make_download,
    make_file,
    make_key,
    make_organization,
    make_user,
    make_version,
    system,
)
from tests.undoing import undone
from versions.models import Version
from versions.policies import version_policy

MATRIX = json.loads((Path(__file__).parent / "corpora" / "roles_matrix.json").read_text())
CASES = [case for case in MATRIX["cases"] if case["certain"]]
SCOPES = {
    "read": Scope.DOWNLOAD_READ,
    "write": Scope.DOWNLOAD_WRITE,
    "delete_hard": Scope.DOWNLOAD_DELETE_HARD,
    "issue": Scope.ACCESS_KEY_WRITE,
}
REFUSALS = [AuditAction.HARD_DELETE_REFUSED, AuditAction.DOWNLOAD_REFUSED]
ONE_STEP_UPLOAD = {"manage_files", "request_upload_url", "confirm_upload"}  # all of it is one request here
ROUTES = {
    ("list", "get"): "list",
    ("list", "post"): "post_version",
    ("detail", "get"): "view",
    ("detail", "put"): "edit",
    ("detail", "delete"): "hard_delete",
    ("restore", "post"): "undelete",
    ("activate", "post"): "set_active",
    ("publish", "post"): "edit",
    ("unpublish", "post"): "edit",
    ("yank", "post"): "edit",
    ("unyank", "post"): "edit",
    ("download", "get"): "download_file",
}

pytestmark = pytest.mark.django_db


@dataclass
class World:
    people: dict[str, User]
    download: Download
    version: Version
    file: File

    def target(self, resource: str) -> Any:
        return getattr(self, resource)


def build(resource: str, state: str) -> World:
    people = {
        "authenticated": make_user("stranger"),
        "shared_user": make_user("shared"),
        "org_member": make_user("member"),
        "author": make_user("author"),
        "co_owner": make_user("partner"),
        "moderator": make_user("moderator", is_staff=True, permissions=("moderate_download",)),
        "staff": make_user("root", is_staff=True, is_superuser=True),
    }
    download = make_download(people["author"], category=make_category())
    set_team_member(actor=system(), download=download, user=people["co_owner"], flags=set(TeamMember.FLAGS))
    version = make_version(download, "1.0.0")
    world = World(people, download, version, make_file(version, name="tool.zip"))
    STATES[state](world, resource)
    for row in (world.download, world.version, world.file):
        row.refresh_from_db()
    return world


@cache
def builder(resource: str, state: str) -> Callable[[], World]:
    return partial(build, resource, state)


def begin_with_each_world(cases: Iterable[dict[str, Any]]) -> pytest.MarkDecorator:
    """Give a test every world of these cells, with the `cells` that are in it."""
    in_world: dict[Callable[[], World], list[dict[str, Any]]] = defaultdict(list)
    for case in cases:
        in_world[builder(case["resource"], case["state"])].append(case)
    names = [f"{build_world.args[0]} {build_world.args[1]}" for build_world in in_world]  # type: ignore[attr-defined]
    return pytest.mark.parametrize(
        ("ready", "cells"), list(in_world.items()), indirect=["ready"], scope="module", ids=names
    )


def by_world(cases: Iterable[dict[str, Any]]) -> Callable[[Callable[[World, dict[str, Any]], None]], Any]:
    """Turn a check of one cell into a test per world: every cell runs, is undone, and is named when it fails."""

    def decorate(check: Callable[[World, dict[str, Any]], None]) -> Any:
        def run(ready: Ready, cells: list[dict[str, Any]], subtests: pytest.Subtests) -> None:
            assert cells
            for case in cells:
                with subtests.test(case["id"]), undone():
                    check(ready.take(), case)

        run.__doc__ = check.__doc__
        return begin_with_each_world(cases)(run)

    return decorate


def lacks_scope(case: dict[str, Any]) -> bool:
    return case["expect"] == "deny" and case["why"].startswith("key lacks")


CELL_AT = {(case["resource"], case["action"], case["state"], case["principal"]): case for case in CASES}
ACTIONS = sorted({case["action"] for case in CASES})


def proofs(case: dict[str, Any]) -> Iterator[tuple[Any, ...]]:
    """Return the aspects of a dialect that this cell tests."""
    resource, action, verdict = case["resource"], case["action"], case["expect"]
    yield "answer", resource, action, verdict, lacks_scope(case) and case["why"]
    yield "status", action, tuple(case["status"])
    yield "state", resource, case["state"], verdict
    yield "principal", case["principal"], verdict
    yield "reason", case["why"]
    if case["principal"] == "anonymous":  # refused for the missing key, whatever the question is
        return
    for name in ACTIONS:
        other = CELL_AT.get((resource, name, case["state"], case["principal"]))
        if other and other["expect"] != verdict and not lacks_scope(case) and not lacks_scope(other):
            yield "not taken for", resource, action, name, verdict


def representatives(cases: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Choose cells that prove together what all of them prove.

    These are for each action both verdicts, every status, every missing scope, and a cell of each verdict that tells it
    from every other action; for each resource both verdicts in every state; and every reason and kind of caller. The
    policies, of which a dialect only has to ask the right one, are tested with all cells.
    """
    left = {case["id"]: (case, set(proofs(case))) for case in cases}
    missing = set().union(*(proved for _, proved in left.values()))
    chosen = []
    while missing:
        name = max(left, key=lambda name: len(left[name][1] & missing))
        case, proved = left.pop(name)
        chosen.append(case)
        missing -= proved
    return chosen


def nothing(world: World, resource: str) -> None:
    return


def hide(world: World, visibility: str) -> None:
    update_download(actor=system(), download=world.download, visibility=visibility)


def in_store(world: World, resource: str) -> None:
    hide(world, "organization")
    organization = make_organization(members=(world.people["org_member"],))
    publish_to_store(actor=system(), download=world.download, organization=organization)


def shared(world: World, resource: str) -> None:
    hide(world, "private")
    share_download(actor=system(), download=world.download, user=world.people["shared_user"])


def drafted(world: World, resource: str) -> None:
    if resource == "download":
        update_download(actor=system(), download=world.download, state="draft")
    else:
        move(Move.UNPUBLISH, actor=system(), version=world.version)


def deleted(world: World, resource: str) -> None:
    delete: dict[str, Callable[..., None]] = {
        "download": delete_download,
        "version": delete_version,
        "file": delete_file,
    }
    delete[resource](actor=system(), reason="matrix", **{resource: world.target(resource)})


STATES: dict[str, Callable[[World, str], None]] = {
    "public": nothing,
    "private": lambda world, resource: hide(world, "private"),
    "org": in_store,
    "shared": shared,
    "draft": drafted,
    "soft_deleted": deleted,
}


def person(world: World, case: dict[str, Any]) -> User | None:
    return world.people.get(case.get("acts_as", case["principal"]))


def actor(world: World, case: dict[str, Any]) -> Actor:
    return Actor(
        user=person(world, case), origin=Origin.API, is_super_key=case["principal"] == "super_user_key", api_key_id=1
    )


def client(world: World, case: dict[str, Any]) -> ApiClient:
    if case["principal"] == "anonymous":
        return ApiClient()
    if case["principal"] == "super_user_key":
        return ApiClient(make_key(is_super_user=True))
    scopes = [SCOPES[name] for name in case["scopes"]] if "scopes" in case else Scope.values
    return ApiClient(make_key(person(world, case), scopes=scopes))


POLICIES: dict[str, Any] = {"download": download_policy, "version": version_policy, "file": file_policy}
CHECKS: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {
    ("*", "edit"): ("edit", {}),
    ("*", "soft_delete"): ("delete", {"hard": False}),
    ("*", "hard_delete"): ("delete", {"hard": True}),
    ("*", "undelete"): ("restore", {}),
    ("download", "set_visibility"): ("set_visibility", {}),
    ("download", "post_version"): ("post_version", {}),
    ("version", "manage_files"): ("manage_files", {}),
    ("version", "request_upload_url"): ("upload", {}),
    ("version", "confirm_upload"): ("upload", {}),
    ("version", "set_active"): ("activate", {}),
    ("file", "download_file"): ("download", {}),
}


def policy_allows(world: World, who: Actor, case: dict[str, Any]) -> bool:
    resource, action = case["resource"], case["action"]
    target, policy = world.target(resource), POLICIES[resource]
    if action == "view":
        return bool(policy.can_view(who, target))
    if action == "list":
        rows = type(target).all_objects
        found = rows.restorable_by(who) if target.is_deleted else rows.visible_to(who)
        return bool(found.filter(pk=target.pk).exists())
    if action == "undelete" and not target.is_deleted:
        return who.is_superuser  # a service question: what is not deleted cannot be restored
    name, options = CHECKS.get((resource, action)) or CHECKS["*", action]
    try:
        policy.ensure(name, who, target, **options)
    except DomainError:
        return False
    return True


ASKED_OF_POLICIES = [case for case in CASES if not lacks_scope(case)]


@begin_with_each_world(ASKED_OF_POLICIES)
def test_policies_match_the_roles_matrix(ready: Ready, cells: list[dict[str, Any]]) -> None:
    """Policies only read, so all cells of a world share its rows, and the cells of one caller are one request."""
    world, wrong = ready.take(), []
    actors: dict[str, Actor] = {}
    for case in cells:
        who = actors.setdefault(case["principal"], actor(world, case))
        if policy_allows(world, who, case) is not (case["expect"] == "allow"):
            wrong.append(case["id"])
    assert wrong == []


def call(world: World, who: ApiClient, case: dict[str, Any]) -> Any:
    resource, action = case["resource"], case["action"]
    target = world.target(resource)
    item = f"/api/mc-dm-{resource}s/{target.pk}/"
    field = {"download": "title", "version": "title", "file": "display_label"}[resource]
    calls: dict[str, Callable[[], Any]] = {
        "view": lambda: who.get(item),
        "edit": lambda: who.send("put", item, {field: "Changed"}),
        "set_visibility": lambda: who.send("put", item, {"visibility": "members"}),
        "soft_delete": lambda: who.send("delete", item, {"reason": "matrix"}),
        "hard_delete": lambda: who.send("delete", item, {"hard": True}),
        "undelete": lambda: who.send("post", f"{item}restore/"),
        "post_version": lambda: who.send(
            "post", "/api/mc-dm-versions/", {"download_id": target.pk, "version_string": "2.0.0"}
        ),
        "set_active": lambda: who.send("post", f"{item}activate/"),
        "download_file": lambda: who.get(f"{item}download/"),
    }
    if action in ONE_STEP_UPLOAD:
        return who.post("/api/mc-dm-files/", {"version_id": target.pk, "file": SimpleUploadedFile("more.bin", b"more")})
    return calls[action]()


def listing(world: World, who: ApiClient, case: dict[str, Any]) -> tuple[int, bool, int]:
    """Return the status, whether the item is in the list, and the total of the list."""
    resource = case["resource"]
    parent = {
        "download": "",
        "version": f"download_id={world.download.pk}&",
        "file": f"version_id={world.version.pk}&",
    }[resource]
    flag = "deleted=1" if case["state"] == "soft_deleted" else ""
    answer = who.get(f"/api/mc-dm-{resource}s/?{parent}{flag}")
    ids = [row[f"{resource}_id"] for row in answer.json()[f"{resource}s"]]
    return answer.status_code, world.target(resource).pk in ids, answer.json()["pagination"]["total"]


def refusals_of_mc_dm(case: dict[str, Any]) -> set[int]:
    """Return the statuses of a refusal. This dialect documents 400 for a write without a key, instead of 401."""
    return {400 if status == 401 else status for status in case["status"]}


def footprint() -> tuple[Any, ...]:
    """Return everything that a denied change must not modify."""
    rows = [list(model.all_objects.order_by("pk").values()) for model in (Download, Version, File)]
    return (*rows, AuditEntry.objects.exclude(action__in=REFUSALS).count(), Event.objects.count())


LISTED = [c for c in CASES if c["action"] == "list" and (c["resource"], c["state"]) != ("file", "soft_deleted")]
IN_LISTS = representatives(LISTED)
ON_ITEMS = representatives(c for c in CASES if c["action"] != "list")


@by_world(IN_LISTS)
def test_api_lists_match_the_roles_matrix(world: World, case: dict[str, Any]) -> None:
    is_listed = case["expect"] == "allow"
    assert listing(world, client(world, case), case) == (200, is_listed, int(is_listed))


@pytest.mark.embedded
@by_world(ON_ITEMS)
def test_api_matches_the_roles_matrix(world: World, case: dict[str, Any]) -> None:
    who = client(world, case)
    before = case["expect"] == "deny" and footprint()
    answer = call(world, who, case)
    if answer.streaming:
        assert b"".join(answer)
    if case["expect"] == "allow":
        is_sent_to_storage = case["action"] == "download_file" and settings.STORAGE_KIND == "s3"
        assert answer.status_code == (302 if is_sent_to_storage else 200)  # this dialect knows no 201
    else:
        assert answer.status_code in refusals_of_mc_dm(case)
        assert footprint() == before
        assert answer.json()["errors"][0]["code"]


UPLOADS = representatives(case for case in CASES if case["action"] in ONE_STEP_UPLOAD)


@pytest.mark.embedded
@by_world(UPLOADS)
def test_direct_uploads_match_the_roles_matrix(world: World, case: dict[str, Any]) -> None:
    who, version = client(world, case), world.version
    incoming = open_incoming(size_bytes=4, part_bytes=None)
    upload = begin_upload(actor=system(), version=version, filename="more.bin", incoming=incoming)
    UploadSession.objects.update(state="uploaded")  # the bytes came
    before = case["expect"] == "deny" and footprint()
    if case["action"] == "request_upload_url":
        body = {"version_id": version.pk, "filename": "other.bin", "size_bytes": 4}
        answer = who.send("post", "/api/uploads/", body)
    else:
        answer = who.send("post", f"/api/uploads/{upload.public_id}/complete/")
    if case["expect"] == "allow":
        assert answer.status_code in {200, 201, 202}
    else:
        assert answer.status_code in case["status"]
        assert (footprint(), UploadSession.objects.count()) == (before, 1)


# The matrix has no rows of its own for access keys. Importing them needs the right to manage the team, which the
# callers who may edit the download have here, because the co-owner has every flag.
EDITS = [case for case in CASES if (case["resource"], case["action"]) == ("download", "edit")]
IMPORTS = [case | {"action": "import_access_keys"} for case in EDITS]
ROWS = [(2, {"key": "ACME-1234-5678-90"})]


@begin_with_each_world(case for case in IMPORTS if not lacks_scope(case))
def test_imports_of_access_keys_match_the_roles_matrix(ready: Ready, cells: list[dict[str, Any]]) -> None:
    """A dry run asks the same policy and changes nothing, so all cells of a world share its rows."""
    world, wrong = ready.take(), []
    for case in cells:
        try:
            report = import_access_keys(actor=actor(world, case), download=world.download, rows=ROWS, dry_run=True)
            is_allowed = report.valid_count == 1
        except DomainError:
            is_allowed = False
        if is_allowed is not (case["expect"] == "allow"):
            wrong.append(case["id"])
    assert wrong == []
    assert not AccessKey.objects.exists()


@pytest.mark.embedded
@by_world(representatives(case for case in IMPORTS if case["state"] != "soft_deleted"))
def test_api_imports_access_keys_as_the_roles_matrix_says(world: World, case: dict[str, Any]) -> None:
    """The native API looks for downloads that are not deleted, so these cells are left out."""
    body = {"download_id": world.download.pk, "name": "A customer", "key": "ACME-1234-5678-90"}
    if "scopes" in case:  # the right to write is a scope of its own here
        case = case | {"scopes": ["issue" if name == "write" else name for name in case["scopes"]]}
    answer = client(world, case).send("post", "/api/access-keys/", body)
    is_allowed = case["expect"] == "allow"
    assert answer.status_code in ({201} if is_allowed else case["status"])
    assert AccessKey.objects.exists() is is_allowed


def test_every_route_has_its_action_in_the_matrix() -> None:
    """Skip categories and webhooks: their permissions depend on other rights and have their own tests."""
    actions = {case["action"] for case in (*IN_LISTS, *ON_ITEMS)}
    for pattern in router.urls:
        kind, _, route = str(pattern.name).removeprefix("mc-dm-").partition("-")
        verbs = set(pattern.callback.actions) - {"head"} if kind not in {"category", "webhook"} else set()
        for verb in verbs:
            assert ROUTES[route, verb] in actions, (pattern.name, verb)


@begin_with(builder("file", "soft_deleted"))
def test_deleted_files_are_in_no_mc_dm_list(world: World) -> None:
    case = {"principal": "super_user_key", "resource": "file", "state": "soft_deleted"}
    assert listing(world, client(world, case), case) == (200, False, 0)
