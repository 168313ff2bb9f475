"""Use cases of versions alone. What needs to know their files lives in `files.publishing` and `files.deletion`."""

from versions.services.approval import needs_approval
from versions.services.labels import create_label, delete_label, update_label
from versions.services.locking import lock_version, tally_changes
from versions.services.states import (
    activate_version,
    archive_version,
    hold_for_approval,
    mark_published,
    mark_version_deleted,
    schedule_version,
    unarchive_version,
    unpublish_version,
    unyank_version,
    yank_version,
)
from versions.services.writing import create_version, restore_version, update_version

__all__ = [
    "activate_version",
    "archive_version",
    "create_label",
    "create_version",
    "delete_label",
    "hold_for_approval",
    "lock_version",
    "mark_published",
    "mark_version_deleted",
    "needs_approval",
    "restore_version",
    "schedule_version",
    "tally_changes",
    "unarchive_version",
    "unpublish_version",
    "unyank_version",
    "update_label",
    "update_version",
    "yank_version",
]
