"""The actions of the admin on versions."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import transaction

from releasehub.backoffice.row_actions import RowAction, deletion_actions
from releasehub.moderation.kinds import stamp_of
from releasehub.moderation.rows import files_by_version
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import POLICIES, Move
from versions.models import Version
from versions.services import lock_version


def is_draft(row: Version) -> bool:
    return not row.is_released and not row.is_deleted


def is_out(row: Version) -> bool:
    return row.is_released and not row.is_deleted


def _move(move_name: Move, label: str, *, done: str, applies: Callable[[Version], bool], **options: Any) -> RowAction:
    """Return the action that makes a move of the transition table, which also has the question for the policy."""
    return RowAction(
        name=move_name.name.lower().replace("_", "-"),
        label=label,
        done=done,
        run=lambda actor, row, reason: move(
            move_name, actor=actor, version=row, reason=reason if options.get("wants_reason") else ""
        ),
        applies=applies,
        question=POLICIES[move_name],
        **options,
    )


@transaction.atomic
def stamp_of_version(row: Version) -> str:
    """Return the stamp that the moderation queue uses, because who publishes a version decides about its files."""
    version = lock_version(row)
    return stamp_of(version, files_by_version({version.pk: version}).get(version.pk, []))


VERSION_ACTIONS = (
    _move(Move.PUBLISH, "Publish", done="published", applies=is_draft, stamp=stamp_of_version),
    _move(
        Move.UNPUBLISH,
        "Unpublish",
        done="turned back into drafts",
        applies=lambda row: row.state != "draft" and not row.is_deleted,
    ),
    _move(Move.YANK, "Yank", done="yanked", applies=lambda row: is_out(row) and not row.is_yanked, wants_reason=True),
    _move(Move.UNYANK, "Unyank", done="unyanked", applies=lambda row: row.is_yanked and not row.is_deleted),
    _move(
        Move.ACTIVATE,
        "Make active",
        done="active",
        applies=lambda row: not row.is_active and not row.is_deleted and not row.is_yanked and row.state != "archived",
    ),
    _move(
        Move.MARK_SECURITY,
        "Mark as a security release",
        done="marked as security releases",
        applies=lambda row: not row.is_security_release and not row.is_deleted,
        wants_reason=True,
    ),
    _move(
        Move.UNMARK_SECURITY,
        "Remove the security mark",
        done="no longer marked as security releases",
        applies=lambda row: row.is_security_release and not row.is_deleted,
        wants_reason=True,
    ),
    _move(Move.ARCHIVE, "Archive", done="archived", applies=lambda row: is_out(row) and row.state != "archived"),
    _move(
        Move.UNARCHIVE,
        "Unarchive",
        done="unarchived",
        applies=lambda row: row.state == "archived" and not row.is_deleted,
    ),
    *deletion_actions(delete_version, partial(move, Move.RESTORE), "version"),
)
