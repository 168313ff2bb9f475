"""Every surface gives the answer of the transition table: the same error code, or the same change.

The world is built once. Each cell asks one surface for one move of one version and is undone afterwards. What is
expected comes from `move` itself, called in the same way for every surface. A surface is asked in one state for each
kind of outcome that the table gives its moves.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from downloads.services import create_entity
from files.models import DownloadGrant, File
from releasehub.accounts.models import User
from releasehub.api.engine import terms
from releasehub.audit.models import AuditEntry
from releasehub.core import errors
from releasehub.core.actor import Actor
from releasehub.core.errors import DomainError, ErrorCode, Invalid
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import publish_due_versions
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.api.v3.shop import signed_in
from tests.conftest import ApiClient, begin_with
from tests.factories import make_category, make_download, make_key, make_user, make_version, system
from tests.undoing import undone
from versions.models import Version
from versions.policies import version_policy

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]

SOON = timezone.now().replace(microsecond=0) + timedelta(days=300)
STATUSES: dict[type[DomainError], set[int]] = {
    errors.Conflict: {409},
    errors.Invalid: {400, 422},
    errors.Denied: {403},
    errors.NotFound: {404},
}
Step = tuple[Move, dict[str, Any]] | str
Expected = Callable[[Version], list[Step]]


class World:
    def __init__(self) -> None:
        self.people = {
            "owner": make_user("author"),
            "root": make_user("root", is_staff=True, is_superuser=True),
        }
        # An entity, so that all dialects reach it.
        self.download = create_entity(actor=Actor(user=self.people["owner"]), kind="app", slug="tool", name="Tool")
        self.checked = make_download(self.people["owner"], category=make_category(requires_approval=True))
        self.versions: dict[str, Version] = {}
        for number, (name, build) in enumerate(STATES.items()):
            version = build(self, f"2026.01.{number + 1:02}-120000")
            version.refresh_from_db()
            self.versions[name] = version


def draft(world: World, number: str, *, files: int = 1) -> Version:
    return make_version(world.download, number, state="draft", files=files)


def draft_with_unchecked_file(world: World, number: str) -> Version:
    version = draft(world, number)
    File.objects.filter(version=version).update(validation_status="pending")
    return version


def draft_for_approval(world: World, number: str) -> Version:
    return make_version(world.checked, number, state="draft", files=1)


def scheduled(world: World, number: str) -> Version:
    return move(Move.SCHEDULE, actor=system(), version=draft(world, number), publish_at=SOON)


def due(world: World, number: str) -> Version:
    version = scheduled(world, number)
    Version.objects.filter(pk=version.pk).update(publish_at=timezone.now() - timedelta(minutes=1))
    return version


def pending(world: World, number: str, *, seal: bool = False) -> Version:
    author = Actor(user=world.people["owner"])
    return move(Move.PUBLISH, actor=author, version=draft_for_approval(world, number), seal=seal)


def published(world: World, number: str, **options: Any) -> Version:
    return move(Move.PUBLISH, actor=system(), version=draft(world, number), **options)


def fetched(world: World, number: str) -> Version:
    version = published(world, number, seal=True)
    DownloadGrant.objects.create(file=version.files.get(), visitor="v")
    return version


def then(step: Move, **options: Any) -> Callable[[World, str], Version]:
    return lambda world, number: move(step, actor=system(), version=published(world, number), **options)


STATES: dict[str, Callable[[World, str], Version]] = {
    "draft": draft,
    "draft without files": lambda world, number: draft(world, number, files=0),
    "draft with an unchecked file": draft_with_unchecked_file,
    "draft that needs approval": draft_for_approval,
    "scheduled": scheduled,
    "due": due,
    "pending": pending,
    "pending with a wish to seal": lambda world, number: pending(world, number, seal=True),
    "published": published,
    "published and sealed": lambda world, number: published(world, number, seal=True),
    "published, sealed and fetched": fetched,
    "published and yanked": then(Move.YANK, reason="bad"),
    "published and private": then(Move.SET_VISIBILITY, visibility="private"),
    "published and active": then(Move.ACTIVATE),
    "archived": then(Move.ARCHIVE),
    "deleted": then(Move.DELETE),
}


def step(name: Move, **options: Any) -> Expected:
    return lambda version: [(name, options)]


def field(state: str, **options: Any) -> Expected:
    """A client names the state. One that the version has already changes nothing, but takes the right to edit."""

    def steps(version: Version) -> list[Step]:
        if state == version.state and state != "scheduled" and not version.is_deleted:
            return ["edit"]
        names = {"draft": [Move.UNPUBLISH], "scheduled": [Move.SCHEDULE], "published": [Move.PUBLISH]}
        return ["edit", *((name, options) for name in names[state])]

    return steps


def engine(status: str) -> Expected:
    """A status is a state and a visibility; the present one changes nothing. Only a draft may have no file."""

    def steps(version: Version) -> list[Step]:
        if status == terms.status_of(version) and status != "scheduled":
            return ["edit"]
        fields = terms.state_fields(status)
        found: list[Step] = ["edit"]
        if "visibility" in fields:
            found.append((Move.SET_VISIBILITY, {"visibility": fields["visibility"]}))
        if status == "scheduled":
            return [*found, "file", (Move.SCHEDULE, {"publish_at": SOON})]
        if status == "draft":
            return [*found, (Move.UNPUBLISH, {})]
        if status != "archived" or version.state != "archived":
            found.append((Move.PUBLISH, {"accept_pending_files": True}))
        return [*found, (Move.ARCHIVE, {})] if status == "archived" else found

    return steps


def v3_private(value: bool) -> Expected:
    def steps(version: Version) -> list[Step]:
        is_hidden = version.visibility != "listed"
        wanted = "private" if value else "listed"
        return ["edit"] if value is is_hidden else [(Move.SET_VISIBILITY, {"visibility": wanted})]

    return steps


def entity_delete(version: Version) -> list[Step]:
    return ["inactive"] if version.is_active else [(Move.DELETE, {})]


@dataclass(frozen=True)
class Surface:
    """`cells`: method, path below the version, body, and the moves that this comes to."""

    client: Callable[[User], Any]
    url: Callable[[Version, str], str]
    cells: list[tuple[str, str, dict[str, Any], Expected]]
    hides_deleted: bool = False
    wraps: str = ""

    def call(self, client: Any, version: Version, cell: tuple[str, str, dict[str, Any], Expected]) -> int:
        method, path, body, _ = cell
        values = {name: str(version.public_id) if value == "public id" else value for name, value in body.items()}
        body = {self.wraps: values} if self.wraps else values
        answer = client.send(method, self.url(version, path), body or None)
        return int(answer.status_code)


def with_key(user: User) -> ApiClient:
    return ApiClient(make_key(user))


SURFACES: dict[str, Surface] = {
    "mc-dm": Surface(
        with_key,
        lambda version, path: f"/api/mc-dm-versions/{version.pk}/{path}",
        [
            ("post", "publish/", {}, step(Move.PUBLISH)),
            ("post", "unpublish/", {}, step(Move.UNPUBLISH)),
            ("post", "yank/", {"reason": "why"}, step(Move.YANK, reason="why")),
            ("post", "unyank/", {}, step(Move.UNYANK)),
            ("post", "activate/", {}, step(Move.ACTIVATE)),
            ("post", "restore/", {}, step(Move.RESTORE)),
            ("delete", "", {"reason": "why"}, step(Move.DELETE, reason="why")),
            ("put", "", {"state": "draft"}, field("draft")),
            ("put", "", {"state": "published"}, field("published")),
            ("put", "", {"state": "scheduled", "publish_at": SOON.isoformat()}, field("scheduled", publish_at=SOON)),
        ],
    ),
    "v3": Surface(
        signed_in,
        lambda version, path: f"/v3/releases/{version.public_id}{path}",
        [
            ("post", "/publish", {}, step(Move.PUBLISH, seal=True)),
            ("post", "/unpublish", {}, step(Move.UNPUBLISH)),
            ("post", "/archive", {}, step(Move.ARCHIVE)),
            ("post", "/unarchive", {}, step(Move.UNARCHIVE)),
            ("delete", "", {}, step(Move.DELETE)),
            ("patch", "", {"private": True}, v3_private(True)),
            ("patch", "", {"private": False}, v3_private(False)),
        ],
        hides_deleted=True,
    ),
    "engine": Surface(
        with_key,
        lambda version, path: f"/version/{version.public_id}{path}",
        [
            ("patch", "", {"status": "draft"}, engine("draft")),
            ("patch", "", {"status": "listed"}, engine("listed")),
            ("patch", "", {"status": "unlisted"}, engine("unlisted")),
            ("patch", "", {"status": "archived"}, engine("archived")),
            ("patch", "", {"status": "scheduled", "publish_at": SOON.isoformat()}, engine("scheduled")),
        ],
        wraps="data",
    ),
    "entity": Surface(
        with_key,
        lambda version, path: f"/api/entities/{version.download.public_id}/versions/{path or version.public_id}",
        [
            ("put", "active", {"versionId": "public id"}, step(Move.ACTIVATE)),
            ("delete", "", {}, entity_delete),
        ],
    ),
}
ADMIN: dict[str, Expected] = {
    "publish": step(Move.PUBLISH),
    "unpublish": step(Move.UNPUBLISH),
    "yank": step(Move.YANK, reason="why"),
    "unyank": step(Move.UNYANK),
    "activate": step(Move.ACTIVATE),
    "mark-security": step(Move.MARK_SECURITY, reason="why"),
    "unmark-security": step(Move.UNMARK_SECURITY, reason="why"),
    "archive": step(Move.ARCHIVE),
    "unarchive": step(Move.UNARCHIVE),
    "delete": step(Move.DELETE, reason="why"),
    "restore": step(Move.RESTORE),
}


@dataclass(frozen=True)
class Outcome:
    error: tuple[str, str] | None
    fields: tuple[Any, ...]
    actions: tuple[str, ...]
    events: tuple[str, ...]

    def kind(self, steps: list[Step]) -> tuple[Any, ...]:
        """What tells this outcome of the steps from others, whatever else is true of the version."""
        return repr(steps), self.error, self.actions, self.events


def fields_of(version: Version) -> tuple[Any, ...]:
    row = Version.all_objects.get(pk=version.pk)
    moments = (row.published_at, row.sealed_at, row.yanked_at, row.deleted_at)
    facts = (row.state, row.visibility, row.is_active, row.seal_on_publish, row.yank_reason, row.delete_reason)
    return (*facts, row.is_security_release, row.publish_at, *(moment is not None for moment in moments))


def observe(version: Version, run: Callable[[], tuple[str, str] | None]) -> Outcome:
    last_entry = AuditEntry.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    last_event = Event.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    with undone():
        error = run()
        entries = AuditEntry.objects.filter(pk__gt=last_entry, target_id=version.pk).order_by("pk")
        events = Event.objects.filter(pk__gt=last_event).order_by("pk")
        return Outcome(
            error,
            fields_of(version),
            tuple(entries.values_list("action", flat=True)),
            tuple(events.values_list("type", flat=True)),
        )


def by_the_table(actor: Actor, version: Version, steps: list[Step]) -> tuple[str, str] | None:
    try:
        with transaction.atomic():
            for name in steps:
                if name == "edit":
                    version_policy.ensure("edit", actor, version)
                elif name == "file":
                    if not version.files.exclude(validation_status="failed").exists():
                        raise Invalid("", code=ErrorCode.VERSION_HAS_NO_FILES)
                elif name == "inactive":
                    raise errors.Conflict(ErrorCode.VERSION_IS_ACTIVE, "")
                else:
                    if name[0] == Move.ARCHIVE and not version.is_released and len(steps) > 1:
                        continue  # it waits for approval
                    version = move(name[0], actor=actor, version=version, **name[1])
    except DomainError as error:
        return type(error).__name__, error.code
    return None


@pytest.fixture
def raised(monkeypatch: pytest.MonkeyPatch) -> list[DomainError]:
    """The domain errors that were made, the newest last."""
    found: list[DomainError] = []
    original = DomainError.__init__

    def remember(self: DomainError, *args: Any, **params: Any) -> None:
        original(self, *args, **params)
        found.append(self)

    monkeypatch.setattr(DomainError, "__init__", remember)
    return found


@begin_with(World)
@pytest.mark.parametrize("name", SURFACES)
def test_every_api_follows_the_transition_table(
    world: World, name: str, raised: list[DomainError], settings: Any
) -> None:
    surface = SURFACES[name]
    clients = {who: surface.client(user) for who, user in world.people.items()}
    wrong, asked = [], set()
    for state, version in world.versions.items():
        if name == "entity" and version.download_id != world.download.pk:
            continue  # the dialect serves entities only
        for who, user in world.people.items():
            if who == "root" and version.download_id == world.download.pk and not version.is_deleted:
                continue  # has the rights of the owner
            settings.ENGINE_DOWNLOAD = version.download.slug
            for cell in surface.cells:
                steps = cell[3](version)
                expected = observe(version, lambda: by_the_table(Actor(user=user), fresh(version), steps))  # noqa: B023
                kind = (who, cell[:2], str(cell[2]), version.is_deleted, *expected.kind(steps))
                if kind in asked:
                    continue
                asked.add(kind)
                if version.is_deleted and surface.hides_deleted:
                    expected = Outcome(("NotFound", "not_found"), fields_of(version), (), ())

                def run() -> tuple[str, str] | None:
                    raised.clear()
                    status = surface.call(clients[who], version, cell)  # noqa: B023
                    if status < 400:
                        return None
                    if status == 404:
                        return "NotFound", "not_found"
                    error = raised[-1]
                    assert status in STATUSES[type(error)], (state, cell, status, error)  # noqa: B023
                    return type(error).__name__, error.code

                found = observe(version, run)
                if found != expected:
                    wrong.append((who, state, cell[:3], found, expected))
    assert not wrong, "\n".join(map(str, wrong))


@begin_with(World)
def test_the_admin_follows_the_transition_table(world: World, raised: list[DomainError]) -> None:
    root = world.people["root"]
    client = ApiClient()
    client.force_login(root)
    wrong, asked = [], set()
    for state, version in world.versions.items():
        for name, steps in ADMIN.items():
            expected = observe(version, lambda: by_the_table(Actor(user=root), fresh(version), steps(version)))  # noqa: B023
            kind = (name, version.is_deleted, *expected.kind(steps(version)))
            if kind in asked:
                continue
            asked.add(kind)

            def run() -> tuple[str, str] | None:
                raised.clear()
                url = reverse("admin:versions_version_act", args=[version.pk, name])  # noqa: B023
                assert client.post(url, {"confirmed": "1", "reason": "why"}).status_code == 302
                return (type(raised[-1]).__name__, raised[-1].code) if raised else None

            found = observe(version, run)
            if found != expected:
                wrong.append((state, name, found, expected))
    assert not wrong, "\n".join(map(str, wrong))


@begin_with(World)
def test_schedule_publishes_due_versions_only(world: World) -> None:
    before = {name: fields_of(version) for name, version in world.versions.items()}
    version = world.versions["due"]
    expected = observe(version, lambda: by_the_table(system(), fresh(version), [(Move.PUBLISH_DUE, {})]))
    with undone():
        assert publish_due_versions() == (1, [])
        after = {name: fields_of(version) for name, version in world.versions.items()}
    assert after == before | {"due": expected.fields}


@begin_with(World)
def test_refused_move_changes_nothing(world: World) -> None:
    for version in world.versions.values():
        before = fields_of(version)
        for name in Move:
            if not name.value.startswith("create"):
                outcome = observe(version, lambda: by_the_table(system(), fresh(version), [(name, options(name))]))  # noqa: B023
                if outcome.error:
                    assert (outcome.fields, outcome.actions, outcome.events) == (before, (), ())


def options(name: Move) -> dict[str, datetime | str]:
    return {Move.SCHEDULE: {"publish_at": SOON}, Move.SET_VISIBILITY: {"visibility": "unlisted"}}.get(name, {})  # type: ignore[return-value]


def fresh(version: Version) -> Version:
    return Version.all_objects.select_related("download__category").get(pk=version.pk)
