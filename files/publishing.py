"""Use cases that touch a version and its files: publishing needs at least one file that passed."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from files.models import DownloadDay, DownloadGrant, File
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor, system_actor
from releasehub.core.errors import Conflict, DomainError, ErrorCode, Invalid
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType
from versions.exposure import remember_public
from versions.models import Version
from versions.policies import version_policy
from versions.services import (
    hold_for_approval,
    lock_version,
    mark_published,
    needs_approval,
    schedule_version,
    tally_changes,
    unpublish_version,
    update_version,
)


@transaction.atomic
def publish_version(*, actor: Actor, version: Version, counts_pending: bool = False, seal: bool = False) -> Version:
    """Visible to everybody the download is visible to. Publishing a published version changes nothing.

    Where the category asks for approval it becomes pending instead, unless a moderator publishes.
    `counts_pending`: a file that is still being checked is enough; nobody is offered that one before it passes.
    `seal`: from now on its files and fields stay as they are, also where the download does not ask for that.
    Errors: NotFound, Denied; Conflict when deleted, or while its only files are being checked; Invalid without a file.
    """
    version_policy.ensure("publish", actor, version)
    version = lock_version(version)
    version_policy.ensure("publish", actor, version)
    if version.is_released:
        return _seal(actor, version) if seal and not version.sealed_at else version
    _need_file(version, counts_pending=counts_pending)
    if needs_approval(actor, version.download):
        hold_for_approval(actor, version)
        return version
    with tally_changes(version):
        mark_published(version, seal=seal)
        version.save()
    remember_public(version)
    audit.record(actor=actor, action=AuditAction.VERSION_PUBLISH, target=version)
    webhooks.publish(actor=actor, event=EventType.VERSION_PUBLISHED, target=version)
    return version


@transaction.atomic
def withdraw_version(*, actor: Actor, version: Version) -> Version:
    """Back to draft.

    Errors: NotFound, Denied; Conflict when it is not published, or sealed and somebody has its bytes, counted or not.
    """
    version_policy.ensure("publish", actor, version)
    version = lock_version(version)
    if version.sealed_at and _was_fetched(version):
        raise Conflict(ErrorCode.VERSION_IS_SEALED, "This version is sealed and was downloaded: yank it instead.")
    return unpublish_version(actor=actor, version=version)


@transaction.atomic
def edit_version(
    *, actor: Actor, version: Version, state: str = "", publish_at: datetime | None = None, **fields: Any
) -> Version:
    """Change fields and state together, or nothing.

    `state`: draft, scheduled (with `publish_at`) or published; empty leaves it.  Errors: as the single steps.
    """
    version = update_version(actor=actor, version=version, **fields)
    if state == Version.State.SCHEDULED or (publish_at and version.state == Version.State.SCHEDULED):
        return schedule_version(actor=actor, version=version, publish_at=publish_at)
    if state == Version.State.PUBLISHED:
        return publish_version(actor=actor, version=version)
    if state == Version.State.DRAFT and version.state not in {Version.State.DRAFT, Version.State.PENDING}:
        return withdraw_version(actor=actor, version=version)
    return version


def publish_due_versions() -> tuple[int, list[str]]:
    """Publish what is scheduled for now. Returns how many were, and why others were not."""
    published, problems = 0, []
    for version in Version.objects.due().select_related("download"):
        try:
            publish_version(actor=system_actor(), version=version)
            published += 1
        except DomainError as error:
            problems.append(f"{version}: {error.message}")
    return published, problems


def _need_file(version: Version, *, counts_pending: bool) -> None:
    files = File.objects.filter(version=version)
    if files.passed().exists():
        return
    if files.filter(validation_status=File.Validation.PENDING).exists():
        if counts_pending:
            return
        raise Conflict(
            ErrorCode.VERSION_FILES_PENDING, "The files of this version are still being checked. Try again in a moment."
        )
    raise Invalid(ErrorCode.VERSION_HAS_NO_FILES, "Add a file first: a version without files cannot be published.")


def _seal(actor: Actor, version: Version) -> Version:
    version.sealed_at = timezone.now()
    version.save(update_fields=["sealed_at", "updated_at"])
    changes = {"sealed_at": [None, version.sealed_at.isoformat()]}
    audit.record(actor=actor, action=AuditAction.VERSION_UPDATE, target=version, changes=changes)
    webhooks.publish(actor=actor, event=EventType.VERSION_UPDATED, target=version)
    return version


def _was_fetched(version: Version) -> bool:
    """Also by those whose download is not counted yet, or never is."""
    if version.download_count:
        return True
    fetched = DownloadGrant.objects.filter(file__version=version), DownloadDay.objects.filter(file__version=version)
    return any(rows.exists() for rows in fetched)
