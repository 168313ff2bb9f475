"""The actions of the admin on versions."""

from __future__ import annotations

from functools import partial

from releasehub.backoffice.row_actions import RowAction, deletion_actions
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from versions.models import Version


def is_draft(row: Version) -> bool:
    return not row.is_released and not row.is_deleted


def is_out(row: Version) -> bool:
    return row.is_released and not row.is_deleted


VERSION_ACTIONS = (
    RowAction(
        name="publish",
        label="Publish",
        done="published",
        run=lambda actor, row, reason: move(Move.PUBLISH, actor=actor, version=row),
        applies=is_draft,
        question="publish",
    ),
    RowAction(
        name="unpublish",
        label="Unpublish",
        done="turned back into drafts",
        run=lambda actor, row, reason: move(Move.UNPUBLISH, actor=actor, version=row),
        applies=lambda row: row.state != "draft" and not row.is_deleted,
        question="edit",
    ),
    RowAction(
        name="yank",
        label="Yank",
        done="yanked",
        run=lambda actor, row, reason: move(Move.YANK, actor=actor, version=row, reason=reason),
        applies=lambda row: is_out(row) and not row.is_yanked,
        question="publish",
        wants_reason=True,
    ),
    RowAction(
        name="unyank",
        label="Unyank",
        done="unyanked",
        run=lambda actor, row, reason: move(Move.UNYANK, actor=actor, version=row),
        applies=lambda row: row.is_yanked and not row.is_deleted,
        question="publish",
    ),
    RowAction(
        name="activate",
        label="Make active",
        done="active",
        run=lambda actor, row, reason: move(Move.ACTIVATE, actor=actor, version=row),
        applies=lambda row: not row.is_active and not row.is_deleted and not row.is_yanked and row.state != "archived",
        question="activate",
    ),
    RowAction(
        name="mark-security",
        label="Mark as a security release",
        done="marked as security releases",
        run=lambda actor, row, reason: move(Move.MARK_SECURITY, actor=actor, version=row, reason=reason),
        applies=lambda row: not row.is_security_release and not row.is_deleted,
        question="mark_security",
        wants_reason=True,
    ),
    RowAction(
        name="unmark-security",
        label="Remove the security mark",
        done="no longer marked as security releases",
        run=lambda actor, row, reason: move(Move.UNMARK_SECURITY, actor=actor, version=row, reason=reason),
        applies=lambda row: row.is_security_release and not row.is_deleted,
        question="mark_security",
        wants_reason=True,
    ),
    RowAction(
        name="archive",
        label="Archive",
        done="archived",
        run=lambda actor, row, reason: move(Move.ARCHIVE, actor=actor, version=row),
        applies=lambda row: is_out(row) and row.state != "archived",
        question="publish",
    ),
    RowAction(
        name="unarchive",
        label="Unarchive",
        done="unarchived",
        run=lambda actor, row, reason: move(Move.UNARCHIVE, actor=actor, version=row),
        applies=lambda row: row.state == "archived" and not row.is_deleted,
        question="publish",
    ),
    *deletion_actions(delete_version, partial(move, Move.RESTORE), "version"),
)
