"""Add, change and delete sources of imports, and start and cancel their runs."""

from datetime import timedelta
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core import encryption
from releasehub.core.actor import Actor, system_actor
from releasehub.core.clean import assign
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from releasehub.core.locks import lock_row
from releasehub.core.tasks import hint
from releasehub.importing.models import ImportRun, ImportSource
from releasehub.importing.opening import settings_of
from releasehub.importing.policies import import_policy
from releasehub.importing.sources.registry import kind_named

RUN_TASK = "importing.run"
MAX_SYNC_HOURS = 24 * 31
CHANGEABLE = frozenset(
    {"options", "has_prereleases", "has_drafts", "newest_only", "when_removed", "sync_hours", "sealed_token"}
)


@transaction.atomic
def add_source(
    *,
    actor: Actor,
    download: Download,
    kind: str,
    address: str,
    api_url: str = "",
    token: str = "",
    is_command: bool = False,
    **fields: Any,
) -> ImportSource:
    """Return the source of the download with this address, which is added if it is new, and else changed.

    Args:
        token: The secret for the source. An empty string keeps the one that is stored.
        is_command: A command calls, which may read folders of the server and act without a user.

    Raises:
        Invalid: A setting is not valid.
        Conflict: The download has too many sources.
    """
    download_policy.ensure("post_version", actor, download)
    if kind_named(kind).is_local and not is_command:
        raise Invalid("Folders of the server can only be imported with a command.", field="kind")
    place = {"download": download, "kind": kind, "address": address.strip(), "api_url": api_url.strip()}
    # Two calls for one address wait here for each other.
    Download.all_objects.select_for_update().get(pk=download.pk)
    found = ImportSource.objects.filter(**place).first()
    if found is not None:
        return change_source(actor=actor, source=found, token=token or None, **fields)
    _check_count(download)
    if token:
        fields["sealed_token"] = encryption.encrypt(token)
    source = ImportSource(**place, created_by=actor.user, runs_as_system=is_command and actor.user is None)
    _assign(source, fields)
    source.save()
    audit.record(actor=actor, action=AuditAction.IMPORT_CREATE, target=source, changes=_recorded(source))
    return source


@transaction.atomic
def change_source(*, actor: Actor, source: ImportSource, token: str | None = None, **fields: Any) -> ImportSource:
    """Change the settings of a source. From now on, its runs depend on the rights of the actor.

    Args:
        token: The new secret; None keeps the stored one, and an empty string removes it.

    Raises:
        Invalid: A setting is not valid.
    """
    import_policy.ensure("change", actor, source)
    source = lock_row(source, "download")
    if token is not None and not encryption.decrypts_to(source.sealed_token, token):
        fields["sealed_token"] = encryption.encrypt(token) if token else ""
    changes = audit.changed_fields(source, {key: value for key, value in fields.items() if key != "sealed_token"})
    _assign(source, fields)
    if actor.user is not None and source.created_by_id != actor.user_id:
        changes["created_by"] = [source.created_by_id, actor.user_id]
        source.created_by, source.runs_as_system = actor.user, False
    source.save()
    if changes or "sealed_token" in fields:
        audit.record(actor=actor, action=AuditAction.IMPORT_UPDATE, target=source, changes=changes)
    return source


@transaction.atomic
def delete_source(*, actor: Actor, source: ImportSource) -> None:
    """Delete a source with what its runs have recorded. The versions stay.

    Raises:
        Conflict: A run is under way.
    """
    import_policy.ensure("change", actor, source)
    source = lock_row(source, "download")
    if source.runs.filter(finished_at=None).exists():
        raise Conflict(ErrorCode.CONFLICT, "An import is under way. Cancel it first, and wait until it has stopped.")
    audit.record(actor=actor, action=AuditAction.IMPORT_DELETE, target=source, changes=_recorded(source))
    source.delete()


@transaction.atomic
def start_run(*, actor: Actor, source: ImportSource, is_dry_run: bool = False) -> ImportRun:
    """Start a run, which a worker carries out.

    Raises:
        Conflict: A run of the source is under way.
    """
    import_policy.ensure("run", actor, source)
    source = lock_row(source, "download")
    if source.runs.filter(finished_at=None).exists():
        raise Conflict(ErrorCode.CONFLICT, "A run of this import is under way. Wait for its end, or cancel it.")
    run = ImportRun.objects.create(source=source, is_dry_run=is_dry_run, started_by=actor.user)
    audit.record(actor=actor, action=AuditAction.IMPORT_RUN, target=source, changes={"is_dry_run": is_dry_run})
    transaction.on_commit(partial(hint, RUN_TASK, run.pk))
    return run


@transaction.atomic
def cancel_run(*, actor: Actor, run: ImportRun) -> ImportRun:
    """Stop a run. What it has published stays, and the next run continues. Canceling it again changes nothing."""
    import_policy.ensure("run", actor, run.source)
    locked = lock_row(run, "source__download")
    if locked.is_finished or locked.cancel_requested_at is not None:
        return locked
    now = timezone.now()
    locked.cancel_requested_at = now
    if locked.state != ImportRun.State.RUNNING:  # otherwise its worker notices the request within seconds
        locked.state, locked.finished_at = ImportRun.State.CANCELED, now
    locked.save()
    audit.record(actor=actor, action=AuditAction.IMPORT_CANCEL, target=locked.source)
    return locked


def start_due_runs() -> int:
    """Start the runs of the schedule that are due. Return how many were started."""
    now = timezone.now()
    # No run is planned that late, unless the clock was wrong at that time.
    too_late = Q(next_sync_at__gt=now + timedelta(hours=MAX_SYNC_HOURS))
    due = ImportSource.objects.filter(Q(next_sync_at__lte=now) | too_late).select_related("download", "created_by")
    return sum(_start_due(source) for source in due[:100])


@transaction.atomic
def _start_due(source: ImportSource) -> bool:
    locked = lock_row(source)
    now = timezone.now()
    if locked.next_sync_at is None or now < locked.next_sync_at <= now + timedelta(hours=MAX_SYNC_HOURS):
        return False
    locked.next_sync_at = now + timedelta(hours=locked.sync_hours) if locked.sync_hours else None
    locked.save(update_fields=["next_sync_at", "updated_at"])
    if locked.runs.filter(finished_at=None).exists():
        return False
    run = ImportRun.objects.create(source=locked)
    changes = {"is_dry_run": False, "is_scheduled": True}
    audit.record(actor=system_actor(), action=AuditAction.IMPORT_RUN, target=source, changes=changes)
    transaction.on_commit(partial(hint, RUN_TASK, run.pk))
    return True


def _check_count(download: Download) -> None:
    if download.import_sources.count() >= settings.IMPORT_MAX_SOURCES:
        limit = settings.IMPORT_MAX_SOURCES
        message = f"The download has {limit} imports, which is the limit. Delete one of them first."
        raise Conflict(ErrorCode.CONFLICT, message, limit=limit)


def _assign(source: ImportSource, fields: dict[str, Any]) -> None:
    """Set the fields, check the settings of the kind, and plan the next run of the schedule."""
    if unknown := set(fields) - CHANGEABLE:
        raise TypeError(f"These fields cannot be set: {', '.join(sorted(unknown))}")
    hours = fields.get("sync_hours", source.sync_hours)
    if not 0 <= hours <= MAX_SYNC_HOURS:
        message = f"The hours between two runs have to be from 0, which means never, to {MAX_SYNC_HOURS}."
        raise Invalid(message, field="sync_hours")
    if hours != source.sync_hours:
        source.next_sync_at = timezone.now() + timedelta(hours=hours) if hours else None
    assign(source, fields)
    kind_named(source.kind).build(settings_of(source))


def _recorded(source: ImportSource) -> dict[str, Any]:
    return {"kind": source.kind, "address": source.address, "api_url": source.api_url}
