"""A version with its files in one step: all of it happens, or nothing."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from files.attaching import Source, attach_file
from files.models import File
from files.publishing import publish_version
from releasehub.core.actor import Actor
from releasehub.core.errors import ErrorCode, Invalid
from versions.models import Version
from versions.services import (
    archive_version,
    create_version,
    schedule_version,
    unarchive_version,
    unpublish_version,
    update_version,
)

DRAFT, SCHEDULED, PUBLISHED = Version.State.DRAFT, Version.State.SCHEDULED, Version.State.PUBLISHED


@transaction.atomic
def create_with_files(
    *,
    actor: Actor,
    download_id: int,
    sources: Sequence[Source],
    state: str = PUBLISHED,
    publish_at: datetime | None = None,
    **fields: Any,
) -> Version:
    """A draft that gets its files and then its `state`: draft, scheduled (with `publish_at`), published or archived.

    So a download that seals on publishing seals the version with its files in it. Files that are still being checked
    count: the version is out, and offers them as they pass.
    Errors: as `create_version` and `attach_file`; Invalid without a file, except for a draft.
    """
    version = create_version(actor=actor, download_id=download_id, state=DRAFT, **fields)
    for source in sources:
        attach_file(actor=actor, version=version, source=source)
    return _enter(actor, version, state, publish_at)


@transaction.atomic
def edit_with_files(
    *,
    actor: Actor,
    version: Version,
    sources: Sequence[Source] = (),
    state: str = "",
    publish_at: datetime | None = None,
    **fields: Any,
) -> Version:
    """Change fields, add files, change the state (empty: leave it). A version goes back to draft before the rest,
    so that what is sealed can be opened and changed in one step.

    Errors: as `update_version`, `attach_file` and the steps between states.
    """
    if state == DRAFT:
        version = _enter(actor, version, state, publish_at)
    if fields or not sources:  # who manages files alone may add them
        version = update_version(actor=actor, version=version, **fields)
    for source in sources:
        attach_file(actor=actor, version=version, source=source)
    if publish_at is not None and not state and version.state == SCHEDULED:
        state = SCHEDULED
    return version if state == DRAFT else _enter(actor, version, state, publish_at)


def _enter(actor: Actor, version: Version, state: str, publish_at: datetime | None) -> Version:
    if publish_at is not None and state != SCHEDULED:
        raise Invalid(ErrorCode.INVALID, "Only a scheduled version has publish_at.", field="publish_at")
    if not state:
        return version
    if state == DRAFT:
        is_out = version.is_released or version.state == SCHEDULED
        return unpublish_version(actor=actor, version=version) if is_out else version
    if not File.objects.filter(version=version).exclude(validation_status=File.Validation.FAILED).exists():
        message = "Attach at least one file: only a draft has none."
        raise Invalid(ErrorCode.VERSION_HAS_NO_FILES, message, field="files")
    if state == SCHEDULED:
        return schedule_version(actor=actor, version=version, publish_at=publish_at)
    version = publish_version(actor=actor, version=version, counts_pending=True)
    if not version.is_released:  # it waits for approval
        return version
    if state == PUBLISHED:
        return unarchive_version(actor=actor, version=version)
    return archive_version(actor=actor, version=version)
