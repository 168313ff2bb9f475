"""Writing to the audit log. Services call these functions inside the transaction of the change."""

from datetime import timedelta
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry, AuditSink
from releasehub.audit.rights_cache import invalidate_rights
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import invalidate_anonymous_cache
from releasehub.core.clean import clean_value
from releasehub.core.inserts import insert_all
from releasehub.core.logs import one_line

MAX_REFUSALS_PER_MINUTE = 600
MAX_REFUSALS_PER_ADDRESS = 20  # in a minute
REFUSALS_STOP = "Further refusals from this IP address are not recorded for one minute."
SINK_FIELDS = ("kind", "target", "has_addresses", "is_active")


def record(
    *,
    actor: Actor,
    action: AuditAction,
    target: models.Model | None = None,
    label: str = "",
    changes: dict[str, Any] | None = None,
    reason: str = "",
) -> AuditEntry:
    """Write one row to the audit log.

    An action that changes public pages also invalidates the cached responses for anonymous visitors. Every change
    invalidates the cached rights, because a list of the actions that matter could miss one.

    The returned row does not know its primary key, because that would mean waiting for PostgreSQL.

    Args:
        target: The object concerned. Its id and label are stored, so the row outlives it.
        label: The label of the target, if it should not be `str(target)`.
        changes: Field names with [before, after], or other details. Only JSON values are allowed.
    """
    if AuditAction(action).changes_public_pages:
        invalidate_anonymous_cache()
    if not AuditAction(action).is_refusal:
        invalidate_rights()
    entry = AuditEntry(
        actor_id=actor.user_id,
        actor_label=one_line(actor.label)[:200],
        api_key_id=actor.api_key_id,
        channel=actor.origin,
        action=action,
        target_type=target._meta.model_name or "" if target is not None else "",
        target_id=target.pk if target is not None else None,
        target_label=one_line(label or str(target or ""))[:300],
        download_id=_download_id(target),
        changes=changes or {},
        reason=one_line(reason)[:500],
        request_id=actor.request_id,
        address=actor.address,
    )
    insert_all([entry])
    return entry


def record_refusal(*, actor: Actor, action: AuditAction, reason: str = "", **details: Any) -> AuditEntry | None:
    """Write a row about an attempt that was refused, unless anonymous callers flood the log with refusals.

    A refusal costs the caller nothing, so an anonymous one could fill the disk. Therefore the number of rows per action
    and minute is limited, both for one IP address and for all anonymous callers together. The last row of an address
    says that the limit is reached.

    Returns:
        The row, or None if a limit is reached.
    """
    if actor.user_id is None and actor.api_key_id is None:
        recent = _recent_refusals(action)
        from_address = sum(address == actor.address for address in recent)
        if len(recent) >= MAX_REFUSALS_PER_MINUTE or from_address >= MAX_REFUSALS_PER_ADDRESS:
            return None
        if from_address == MAX_REFUSALS_PER_ADDRESS - 1:
            reason = f"{reason} {REFUSALS_STOP}".strip()
    return record(actor=actor, action=action, reason=reason, **details)


def _recent_refusals(action: AuditAction) -> list[str | None]:
    """Return the IP addresses of the anonymous refusals of the last minute, newest first."""
    since = timezone.now() - timedelta(minutes=1)
    rows = AuditEntry.objects.filter(action=action, actor_id=None, api_key_id=None, created_at__gte=since)
    return list(rows.order_by("-id").values_list("address", flat=True)[:MAX_REFUSALS_PER_MINUTE])


@transaction.atomic
def save_sink(*, actor: Actor, sink: AuditSink) -> None:
    """Create or change a sink. The audit log records that the token changed, but not the token.

    A sink whose target changes keeps its cursor, so rows that the old target received are not sent to the new one.

    Raises:
        ValidationError: The target does not have the form that the kind of sink needs.
    """
    sink.full_clean()
    previous = AuditSink.objects.filter(pk=sink.pk).values(*SINK_FIELDS, "token").first()
    changes: dict[str, Any] = {name: [previous and previous[name], getattr(sink, name)] for name in SINK_FIELDS}
    changes = {name: pair for name, pair in changes.items() if pair[0] != pair[1]}
    if sink.token != (previous["token"] if previous else ""):
        changes["token"] = ["[secret]", "[secret]"]
    if previous is None:
        sink.save()
    elif not changes:
        return
    else:
        sink.save(update_fields=[*SINK_FIELDS, "token"])  # the worker that ships rows owns the cursor
    action = AuditAction.AUDIT_SINK_UPDATE if previous else AuditAction.AUDIT_SINK_CREATE
    record(actor=actor, action=action, target=sink, changes=changes)


@transaction.atomic
def delete_sink(*, actor: Actor, sink: AuditSink, reason: str = "") -> None:
    """Delete a sink. The rows that it has received stay at its target."""
    changes = {"cursor": sink.cursor}
    record(actor=actor, action=AuditAction.AUDIT_SINK_DELETE, target=sink, changes=changes, reason=reason)
    sink.delete()


def changed_fields(target: models.Model, values: dict[str, Any]) -> dict[str, list[Any]]:
    """Return {field: [before, after]} for those of `values` that differ from the fields of the target.

    Texts are compared and recorded as they will be stored. PostgreSQL does not accept a NUL in JSON either.
    """
    stored = {name: clean_value(target, name, value) for name, value in values.items()}
    return {
        name: [plain(getattr(target, name)), plain(value)]
        for name, value in stored.items()
        if getattr(target, name) != value
    }


def plain(value: Any) -> Any:
    """Return the value as JSON that is readable in a log. A model instance becomes its primary key."""
    if isinstance(value, models.Model):
        return value.pk
    return value if value is None or isinstance(value, bool | int | float | str | list | dict) else str(value)


def _download_id(target: models.Model | None) -> int | None:
    if target is None:
        return None
    return target.pk if target._meta.label == "downloads.Download" else getattr(target, "download_id", None)
