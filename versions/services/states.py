"""The life of a version: draft, scheduled, published, yanked, archived, active, deleted."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.db import transaction
from django.utils import timezone

from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType
from versions.models import Version
from versions.policies import version_policy
from versions.services.approval import needs_approval
from versions.services.locking import lock_version, tally_changes

P = ParamSpec("P")


def mark_published(version: Version, *, seal: bool = False) -> None:
    """The fields of a published version; the caller saves, counts, records and announces.

    `seal`: also where the download does not seal by itself.
    """
    now = timezone.now()
    version.state = Version.State.PUBLISHED
    version.publish_at = None
    version.published_at = version.published_at or now
    version.released_at = version.published_at
    if seal or version.download.seal_on_publish:
        version.sealed_at = version.sealed_at or now


def _step(
    action: str,
) -> Callable[[Callable[Concatenate[Actor, Version, P], None]], Callable[..., Version]]:
    """A use case on one locked version: the right is checked before and after the lock, counts are kept."""

    def decorate(change: Callable[Concatenate[Actor, Version, P], None]) -> Callable[..., Version]:
        @wraps(change)
        @transaction.atomic
        def run(*, actor: Actor, version: Version, **options: Any) -> Version:
            version_policy.ensure(action, actor, version)
            version = lock_version(version)
            version_policy.ensure(action, actor, version)
            with tally_changes(version):
                change(actor, version, **options)  # type: ignore[call-arg]
            return version

        return run

    return decorate


@_step("edit")
def schedule_version(actor: Actor, version: Version, *, publish_at: datetime | None) -> None:
    """A worker publishes it at `publish_at`; where approval is asked for it waits for that instead.

    Errors: Conflict when it is published; Invalid without a time to come.
    """
    if version.is_released:
        raise Conflict(ErrorCode.VERSION_STATE, "This version is published already.")
    if publish_at is None or publish_at <= timezone.now():
        raise Invalid(ErrorCode.INVALID, "A scheduled version needs publish_at, a time to come.", field="publish_at")
    if needs_approval(actor, version.download):
        hold_for_approval(actor, version)
        return
    changes = {"state": [version.state, "scheduled"], "publish_at": [None, publish_at.isoformat()]}
    version.state, version.publish_at = Version.State.SCHEDULED, publish_at
    _finish(actor, version, AuditAction.VERSION_UPDATE, EventType.VERSION_UPDATED, changes=changes)


@_step("publish")
def unpublish_version(actor: Actor, version: Version) -> None:
    """Back to draft.  Errors: Conflict when it is not published, or sealed and already downloaded."""
    if not version.is_released and version.state != Version.State.SCHEDULED:
        raise Conflict(ErrorCode.VERSION_NOT_PUBLISHED, "This version is not published.")
    if version.sealed_at and version.download_count:
        raise Conflict(ErrorCode.VERSION_IS_SEALED, "This version is sealed and was downloaded: yank it instead.")
    version.state, version.publish_at, version.sealed_at, version.is_active = Version.State.DRAFT, None, None, False
    _finish(actor, version, AuditAction.VERSION_UNPUBLISH, EventType.VERSION_UNPUBLISHED)


@_step("publish")
def archive_version(actor: Actor, version: Version) -> None:
    """Kept and reachable, never offered again.  Errors: Conflict when it is not published."""
    _need_released(version)
    if version.state != Version.State.ARCHIVED:
        version.state, version.is_active = Version.State.ARCHIVED, False
        _finish(actor, version, AuditAction.VERSION_ARCHIVE, EventType.VERSION_ARCHIVED)


@_step("publish")
def unarchive_version(actor: Actor, version: Version) -> None:
    """Errors: Conflict when it is not published."""
    _need_released(version)
    if version.state == Version.State.ARCHIVED:
        version.state = Version.State.PUBLISHED
        _finish(actor, version, AuditAction.VERSION_UNARCHIVE, EventType.VERSION_UPDATED)


@_step("publish")
def yank_version(actor: Actor, version: Version, *, reason: str = "") -> None:
    """Still there for who asks for exactly this one, with a warning; never the newest, never active.

    Yanking again replaces the reason.  Errors: Conflict when it is not published.
    """
    _need_released(version)
    version.yanked_at, version.yank_reason, version.is_active = version.yanked_at or timezone.now(), reason[:500], False
    _finish(actor, version, AuditAction.VERSION_YANK, EventType.VERSION_YANKED, reason=reason)


@_step("publish")
def unyank_version(actor: Actor, version: Version) -> None:
    """Unyanking what is not yanked changes nothing."""
    if version.is_yanked:
        version.yanked_at, version.yank_reason = None, ""
        _finish(actor, version, AuditAction.VERSION_UNYANK, EventType.VERSION_UNYANKED)


@_step("activate")
def activate_version(actor: Actor, version: Version) -> None:
    """The one version that the download points to; the one before steps down in the same transaction.

    Errors: Conflict when it is yanked.
    """
    if version.is_yanked:
        raise Conflict(ErrorCode.VERSION_STATE, "A yanked version cannot be the active one.")
    if version.is_active:
        return
    Version.all_objects.filter(download=version.download_id, is_active=True).update(is_active=False)
    version.is_active = True
    _finish(actor, version, AuditAction.VERSION_ACTIVATE, EventType.VERSION_ACTIVATED)


def hold_for_approval(actor: Actor, version: Version) -> None:
    """Until a moderator publishes it; the caller has checked the rights and holds the lock."""
    if version.state == Version.State.PENDING:
        return
    changes = {"state": [version.state, "pending"]}
    version.state, version.publish_at = Version.State.PENDING, None
    _finish(actor, version, AuditAction.VERSION_UPDATE, EventType.VERSION_UPDATED, changes=changes)


def mark_version_deleted(*, actor: Actor, version: Version, reason: str) -> None:
    """The soft half of deleting; the caller has checked the rights and holds the lock."""
    audit.record(actor=actor, action=AuditAction.VERSION_DELETE_SOFT, target=version, reason=reason)
    with tally_changes(version):
        if version.is_active:
            version.is_active = False
            version.save(update_fields=["is_active"])
        version.mark_deleted(by=actor.user, reason=reason)
    webhooks.publish(actor=actor, event=EventType.VERSION_DELETED, target=version, hard=False, reason=reason)


def _finish(
    actor: Actor,
    version: Version,
    action: AuditAction,
    event: EventType,
    *,
    reason: str = "",
    changes: dict[str, Any] | None = None,
) -> None:
    version.save()
    audit.record(actor=actor, action=action, target=version, reason=reason, changes=changes)
    webhooks.publish(actor=actor, event=event, target=version)


def _need_released(version: Version) -> None:
    if not version.is_released:
        raise Conflict(ErrorCode.VERSION_NOT_PUBLISHED, "This version is not published.")
