"""The transition table: what it promises beyond single rows, its page in the docs, and that nothing passes it by."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, ErrorCode
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import publish_due_versions
from releasehub.publishing.table_page import lifecycle_page
from releasehub.publishing.transitions import POLICIES, TABLE, Move
from tests.factories import make_category, make_download, make_user, make_version, system
from versions.models import Version
from versions.services import update_version

ROOT = Path(__file__).parents[2]
PACKAGES = ("releasehub", "downloads", "versions", "files")
# The first two are the lifecycle. The demo dates its releases back, because a hub whose releases all came out this
# minute shows nothing. The base class of everything that can be deleted is not used for versions. The v3 webhook data
# build an unsaved version from the snapshot of an event, to render it.
OWNERS = {
    "releasehub/publishing/lifecycle.py",
    "releasehub/publishing/effects.py",
    "releasehub/server/demo/data.py",
    "releasehub/core/models.py",
    "releasehub/api/v3/webhook_payloads.py",
}
ONLY_VERSIONS = {"scheduled_by", "is_security_release", "yanked_at", "yank_reason", "sealed_at", "published_at"}
SHARED = {"state", "is_active", "publish_at", "seal_on_publish", "deleted_at"}  # other models have fields of that name
NAMED = re.compile(rf"\b(?:{'|'.join(ONLY_VERSIONS | SHARED)})\b")


def test_the_page_in_the_docs_is_the_table() -> None:
    assert (ROOT / "docs" / "lifecycle.md").read_text() == lifecycle_page()


def test_the_command_prints_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("print_lifecycle")
    assert capsys.readouterr().out == lifecycle_page()


def test_the_page_is_linked() -> None:
    assert "lifecycle.md" in (ROOT / "docs" / "architecture.md").read_text()
    assert "docs/lifecycle.md" in (ROOT / "README.md").read_text()


def test_every_move_is_checked_by_one_policy() -> None:
    assert POLICIES.keys() == set(Move)


def test_every_transition_row_is_reachable() -> None:
    unconditional: set[tuple[Move, str]] = set()
    for row in TABLE:
        cells = {(row.move, state) for state in row.before}
        assert not cells <= unconditional, row
        if row.when is None:
            unconditional |= cells


def modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if name in OWNERS or "/migrations/" in name:
                continue
            if NAMED.search(source := path.read_text()):  # parsing every file would take seconds
                yield name, ast.parse(source)


def assigned(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Yield (owner, field) for every assignment, and for the keywords of update, create and of the model itself."""
    if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            for part in target.elts if isinstance(target, ast.Tuple) else [target]:
                if isinstance(part, ast.Attribute):
                    yield ast.unparse(part.value), part.attr
    elif isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        writes = called.rpartition(".")[2] in {"update", "create", "bulk_update", "get_or_create", "Version"}
        if called == "setattr" and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
            yield ast.unparse(node.args[0]), str(node.args[1].value)
        for keyword in node.keywords if writes else ():
            yield called, keyword.arg or ""


def is_a_version(owner: str) -> bool:
    return "version" in owner.lower()


def passes_by(tree: ast.Module) -> list[str]:
    found = []
    for node in ast.walk(tree):
        for owner, field in assigned(node):
            if field in ONLY_VERSIONS or (field in SHARED and is_a_version(owner)):
                found.append(f"line {getattr(node, 'lineno', 0)}: {owner} {field}")
            if field == "state" and owner in {"row", "obj", "instance"}:
                found.append(f"line {getattr(node, 'lineno', 0)}: {owner} {field}")
    return found


@pytest.mark.embedded
def test_only_the_lifecycle_changes_the_state_of_a_version() -> None:
    found = {name: lines for name, tree in modules() if (lines := passes_by(tree))}
    assert found == {}


@pytest.mark.parametrize(
    "code",
    [
        "version.state = 'draft'", "file.version.is_active = False", "self.yanked_at, x = None, 1",
        "Version.objects.filter(pk=1).update(state='draft')", "Version(state='draft')", "row.sealed_at = None",
        "setattr(version, 'state', 'draft')", "version.published_at: object = None",
    ],
)  # fmt: skip
def test_source_check_detects_a_bypassed_lifecycle(code: str) -> None:
    assert passes_by(ast.parse(code))


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["state", "visibility", "sealed_at", "is_active"])
def test_update_version_refuses_the_fields_of_the_lifecycle(field: str) -> None:
    with pytest.raises(TypeError, match=field):
        update_version(actor=system(), version=make_version(), **{field: "draft"})


def waiting(**options: Any) -> tuple[Actor, Version]:
    """A version that waits for approval, and its author."""
    author = Actor(user=make_user())
    download = make_download(author.user, category=make_category(requires_approval=True))
    version = make_version(download, state="draft", files=1)
    version = move(Move.PUBLISH, actor=author, version=version, **options)
    assert version.state == "pending"
    return author, version


@pytest.mark.django_db
@pytest.mark.parametrize("by_author", [True, False])
def test_pending_version_can_be_unpublished(by_author: bool) -> None:
    author, version = waiting(seal=True)
    version = move(Move.UNPUBLISH, actor=author if by_author else system(), version=version)
    assert (version.state, version.seal_on_publish) == ("draft", False)


@pytest.mark.django_db
def test_outsiders_cannot_unpublish() -> None:
    version = waiting()[1]
    with pytest.raises(Denied):
        move(Move.PUBLISH, actor=Actor(user=version.download.owner), version=version)


@pytest.mark.django_db
@pytest.mark.parametrize("wish", [True, False])
def test_publishing_by_a_moderator_applies_the_requested_seal(wish: bool) -> None:
    version = move(Move.PUBLISH, actor=system(), version=waiting(seal=wish)[1])
    assert ((version.sealed_at is not None), version.seal_on_publish) == (wish, False)


@pytest.mark.django_db
def test_requested_seal_survives_scheduling() -> None:
    soon = timezone.now() + timedelta(hours=1)
    version = move(Move.SCHEDULE, actor=system(), version=waiting(seal=True)[1], publish_at=soon)
    Version.objects.update(publish_at=timezone.now() - timedelta(seconds=1))
    assert publish_due_versions() == (1, [])
    version.refresh_from_db()
    assert version.sealed_at is not None


@pytest.mark.django_db
@pytest.mark.parametrize("step", [Move.UNPUBLISH, Move.DELETE])
def test_schedule_skips_a_version_unpublished_concurrently(step: Move) -> None:
    soon = timezone.now() + timedelta(hours=1)
    seen_by_the_schedule = make_version(state="scheduled", publish_at=soon, files=1)
    move(step, actor=system(), version=seen_by_the_schedule)
    with pytest.raises(Conflict):
        move(Move.PUBLISH_DUE, actor=system(), version=seen_by_the_schedule)
    assert not Version.all_objects.filter(state="published").exists()


@pytest.mark.django_db
def test_schedule_skips_a_version_rescheduled_concurrently() -> None:
    version = make_version(state="scheduled", publish_at=timezone.now() + timedelta(hours=1), files=1)
    with pytest.raises(Conflict) as refusal:
        move(Move.PUBLISH_DUE, actor=system(), version=version)
    assert refusal.value.code == ErrorCode.VERSION_STATE


@pytest.mark.django_db
def test_a_superuser_cannot_publish_a_deleted_version_either() -> None:
    version = move(Move.DELETE, actor=system(), version=make_version(state="draft", files=1))
    with pytest.raises(Conflict) as refusal:
        move(Move.PUBLISH, actor=system(), version=version)
    assert refusal.value.code == ErrorCode.IS_DELETED
