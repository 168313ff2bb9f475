"""Create and change versions together with their files and their state.

These are the use cases that the APIs and the pages call. Each of them runs in one transaction.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from downloads.models import Download
from files.models import File
from files.uploads.attaching import attach_file
from files.uploads.attachment_sources import AttachmentSource
from releasehub.core.actor import Actor, system_actor
from releasehub.core.errors import DomainError, ErrorCode, Invalid
from releasehub.publishing.lifecycle import enter, move
from releasehub.publishing.transitions import Move
from versions.models import Version
from versions.services import build_version, update_version

DRAFT, SCHEDULED, PUBLISHED = Version.State.DRAFT, Version.State.SCHEDULED, Version.State.PUBLISHED
ARCHIVED = Version.State.ARCHIVED
SECURITY_MOVES = {True: Move.MARK_SECURITY, False: Move.UNMARK_SECURITY}
FIRST_MOVES: dict[str, Move] = {
    DRAFT: Move.CREATE_DRAFT,
    SCHEDULED: Move.CREATE_SCHEDULED,
    PUBLISHED: Move.CREATE_PUBLISHED,
}


@transaction.atomic
def create_version(
    *,
    actor: Actor,
    download_id: int,
    state: str = "",
    publish_at: datetime | None = None,
    is_security_release: bool = False,
    **fields: Any,
) -> Version:
    """Create a version. Its files are added afterwards.

    Args:
        state: draft, scheduled (with `publish_at`) or published. The default is published, or draft if the download
            seals its versions when they are published, because nothing can be added to a sealed version. In a category
            that asks for approval a published or scheduled version becomes pending.
        is_security_release: Mark the version, which needs the right to manage versions.

    Raises:
        Invalid: A field has an invalid value, or a scheduled version has no `publish_at` in the future.
        Conflict: The number is or was used, or the category allows only one version.
    """
    version = build_version(actor=actor, download_id=download_id, **fields)
    state = state or _default_state(version.download)
    if state not in FIRST_MOVES:
        raise Invalid(f"state must be one of {', '.join(FIRST_MOVES)}.", field="state")
    version = enter(FIRST_MOVES[state], actor=actor, version=version, publish_at=publish_at)
    return move(Move.MARK_SECURITY, actor=actor, version=version) if is_security_release else version


@transaction.atomic
def create_with_files(
    *,
    actor: Actor,
    download_id: int,
    sources: Sequence[AttachmentSource],
    state: str = PUBLISHED,
    publish_at: datetime | None = None,
    **fields: Any,
) -> Version:
    """Create a draft, attach its files and move it to `state`: draft, scheduled, published or archived.

    A download that seals its versions seals this one with its files in it. Files that are still being checked count:
    the version is published and offers them once they pass.

    Raises:
        Denied: The actor may not post versions, attach files or publish.
        Invalid: A field or a file is invalid, or there is no file although the version is not a draft.
        Conflict: The number is or was used, or a guard of the transition table refuses the move.
    """
    version = create_version(actor=actor, download_id=download_id, state=DRAFT, **fields)
    return _attach_and_move(actor, version, sources, state, publish_at)


@transaction.atomic
def edit_version(
    *, actor: Actor, version: Version, state: str = "", publish_at: datetime | None = None, **fields: Any
) -> Version:
    """Change fields and the state together, or nothing. An empty `state` leaves the state as it is.

    If the new state is draft, the version goes back to draft before the fields change, so that a sealed version can be
    unsealed and changed in one step. A version that has the state already stays as it is.

    Raises:
        Denied: The actor may not edit or move the version.
        Invalid: A field has an invalid value.
        Conflict: The version is sealed or deleted, its number is taken, or its state does not allow the move.
    """
    if state == DRAFT:
        version = _move_to(actor, version, DRAFT)
    version = _change_fields(actor, version, fields)
    if publish_at is not None and not state and version.state == SCHEDULED:
        state = SCHEDULED
    return _move_to(actor, version, state, publish_at)


@transaction.atomic
def edit_with_files(
    *,
    actor: Actor,
    version: Version,
    sources: Sequence[AttachmentSource] = (),
    state: str = "",
    publish_at: datetime | None = None,
    **fields: Any,
) -> Version:
    """Change fields, attach files and change the state together, or nothing, in the same order as `edit_version`.

    Raises:
        Denied: The actor may not edit the version, attach files to it or move it.
        Invalid: A field or a file is invalid.
        Conflict: The version is sealed or deleted, its number is taken, or its state does not allow the move.
    """
    if state == DRAFT:
        version = _move_to(actor, version, DRAFT)
    if fields or not sources:  # a user with only the right to manage files can still add them
        version = _change_fields(actor, version, fields)
    if publish_at is not None and not state and version.state == SCHEDULED:
        state = SCHEDULED
    return _attach_and_move(actor, version, sources, state, publish_at)


def publish_due_versions() -> tuple[int, list[str]]:
    """Publish the versions that are due. Return how many were published, and why the others were not."""
    # `move` locks each version in a transaction of its own, so one version that cannot be published does not hold up
    # the others. The guard `is_due` checks again under the lock, because the schedule may have changed meanwhile.
    published, problems = 0, []
    for version in Version.objects.due().select_related("download", "scheduled_by"):
        try:
            moved = move(Move.PUBLISH_DUE, actor=system_actor(), version=version)
        except DomainError as error:
            problems.append(f"{version}: {error.message}")
            continue
        if moved.is_released:
            published += 1
        else:  # The rights of the account that scheduled it have changed. The audit row says how.
            problems.append(f"{version}: {version.scheduled_by} may not publish it any more. It is {moved.state} now.")
    return published, problems


def _default_state(download: Download) -> str:
    """Return the state of a new version for which the caller names no state."""
    return DRAFT if download.seal_on_publish else PUBLISHED


def _change_fields(actor: Actor, version: Version, fields: dict[str, Any]) -> Version:
    """Change the fields of a version. `move` changes those that belong to the lifecycle."""
    visibility, is_security_release = fields.pop("visibility", ""), fields.pop("is_security_release", None)
    if fields or (not visibility and is_security_release is None):
        version = update_version(actor=actor, version=version, **fields)
    if visibility:
        version = move(Move.SET_VISIBILITY, actor=actor, version=version, visibility=visibility)
    if is_security_release is not None:
        version = move(SECURITY_MOVES[is_security_release], actor=actor, version=version)
    return version


def _attach_and_move(
    actor: Actor, version: Version, sources: Sequence[AttachmentSource], state: str, publish_at: datetime | None
) -> Version:
    for source in sources:
        attach_file(actor=actor, version=version, source=source)
    if publish_at is not None and state != SCHEDULED:
        raise Invalid(
            "publish_at can only be set for a scheduled version. Set the state to scheduled as well.",
            field="publish_at",
        )
    if state == SCHEDULED:
        _need_file(version)
    return _move_to(actor, version, state, publish_at, accept_pending_files=True)


def _move_to(
    actor: Actor,
    version: Version,
    state: str,
    publish_at: datetime | None = None,
    *,
    accept_pending_files: bool = False,
) -> Version:
    """Move the version to the state that a client names, unless it is in that state already."""
    if state == SCHEDULED:
        return move(Move.SCHEDULE, actor=actor, version=version, publish_at=publish_at)
    if not state or (state == version.state and not version.is_deleted):
        return version
    if state == DRAFT:
        return move(Move.UNPUBLISH, actor=actor, version=version)
    version = move(Move.PUBLISH, actor=actor, version=version, accept_pending_files=accept_pending_files)
    if state == ARCHIVED and version.is_released:  # Otherwise the version waits for approval.
        return move(Move.ARCHIVE, actor=actor, version=version)
    return version


def _need_file(version: Version) -> None:
    """Raise Invalid if the version has no file that passed its checks or is still being checked."""
    if not File.objects.filter(version=version).exclude(validation_status=File.Validation.FAILED).exists():
        message = "Only a draft can have no files. Attach at least one file, or save the version as a draft."
        raise Invalid(message, field="files", code=ErrorCode.VERSION_HAS_NO_FILES)
