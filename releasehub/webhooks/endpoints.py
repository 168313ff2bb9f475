"""Make, change, pause, test and disable endpoints. A secret is shown in the answer that makes it, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from releasehub.accounts.models import Organization
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core import encryption
from releasehub.core.actor import Actor, system_actor
from releasehub.core.errors import Conflict, Denied, ErrorCode, Invalid, NotFound
from releasehub.core.tasks import hint
from releasehub.outbound.client import check_target
from releasehub.outbound.failures import LookupFailed, Refused, Unreachable
from releasehub.webhooks import clock, filters, notices, signing
from releasehub.webhooks.events import EventType
from releasehub.webhooks.fanout import DELIVER, new_delivery
from releasehub.webhooks.models import Delivery, Endpoint, host_of
from releasehub.webhooks.policies import endpoint_policy, is_held
from releasehub.webhooks.services import store

OVERLAP = timedelta(hours=24)
GIVEN_UP_AFTER = timedelta(days=5)
ABANDONED = "The user who created it may no longer manage it. Resume it to take it over."
LONGEST_URL = 2000
LONGEST_TITLE = 100
LONGEST_DESCRIPTION = 200
MOST_CRITERIA = 20
MOST_VALUES = 100
LONGEST_VALUE = 200
_SHOWN = ("title", "description", "format", "events", "criteria", "is_active", "verify_tls")
_CHANGEABLE = frozenset({"url", *_SHOWN})
_FIELD = re.compile(r"[a-z0-9_]{1,40}(\.[a-z0-9_]{1,40}){0,3}")


def create_endpoint(
    *,
    actor: Actor,
    url: str,
    organization: Organization | None = None,
    download_id: int | None = None,
    secret: str = "",
    **fields: Any,
) -> tuple[Endpoint, str]:
    """The endpoint and its secret, made up unless given. The caller has made sure that the download exists.

    `fields`: title, description, format, events, criteria, is_active, verify_tls.
    Errors: NotFound, Denied; Invalid (field: url, secret, events, criteria, format, download_id).
    """
    organization_id = organization.pk if organization else None
    endpoint_policy.ensure_create(actor, organization_id=organization_id, download_id=download_id)
    if organization is not None and download_id is not None:
        raise _invalid("download_id", "An endpoint belongs to an organisation or to a download, not to both.")
    _check_fields(fields | {"url": url})
    _check_tls(actor, fields)
    secret = _checked_secret(secret)
    with transaction.atomic():
        endpoint = Endpoint.objects.create(
            url=url,
            organization=organization,
            download_id=download_id,
            sealed_secret=encryption.encrypt(secret),
            created_by=actor.grantor,
            **fields,
        )
        endpoint_policy.note_reliance(actor, endpoint)
        shown = {name: getattr(endpoint, name) for name in _SHOWN}
        details = shown | {"host": host_of(url), "organization": organization_id}
        audit.record(actor=actor, action=AuditAction.ENDPOINT_CREATE, target=endpoint, changes=details)
    return endpoint, secret


def update_endpoint(*, actor: Actor, endpoint: Endpoint, **fields: Any) -> Endpoint:
    """Change some of the fields of `create_endpoint` and the url; deliveries under way keep their format.

    A certificate that need not be verified is one of the URL's: who may not decide that gets it verified at a new URL.
    Errors: NotFound, Denied; Invalid with the field.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    _check_fields(fields)
    with transaction.atomic():
        locked = _locked(endpoint)
        if fields.get("url", locked.url) != locked.url and not endpoint_policy.can_skip_tls(actor):
            _check_tls(actor, fields)
            fields["verify_tls"] = True
        changes = audit.changed_fields(locked, fields)
        _check_tls(actor, {name: fields[name] for name in changes})
        if not changes:
            return locked
        for name in changes:
            setattr(locked, name, fields[name])
        locked.save(update_fields=[*changes, "updated_at"])
        if "url" in changes:  # a path may hold a token
            changes["url"] = [host_of(text) for text in changes["url"]]
        audit.record(actor=actor, action=AuditAction.ENDPOINT_UPDATE, target=locked, changes=changes)
    return locked


@transaction.atomic
def delete_endpoint(*, actor: Actor, endpoint: Endpoint) -> None:
    """With all its deliveries. Errors: NotFound, Denied."""
    endpoint_policy.ensure("change", actor, endpoint)
    _erase(actor, _locked(endpoint))


@transaction.atomic
def pause_endpoint(*, actor: Actor, endpoint: Endpoint, reason: str = "") -> Endpoint:
    """Deliveries come about and wait. Errors: NotFound, Denied."""
    endpoint_policy.ensure("change", actor, endpoint)
    locked = _locked(endpoint)
    if not locked.is_paused:
        locked.paused_at = timezone.now()
        locked.save(update_fields=["paused_at", "updated_at"])
        audit.record(actor=actor, action=AuditAction.ENDPOINT_PAUSE, target=locked, reason=reason)
    return locked


@transaction.atomic
def resume_endpoint(*, actor: Actor, endpoint: Endpoint) -> Endpoint:
    """End a pause, or what the hub disabled; what waits is sent.

    The endpoint of a creator who may no longer manage it passes to the actor, on whose rights it depends from now on.

    Raises:
        NotFound, Denied: As the policy decides.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    locked = _locked(endpoint)
    if locked.is_paused or locked.is_disabled:
        if not Endpoint.objects.filter(is_held(), pk=locked.pk).exists():
            locked.created_by = actor.grantor
        changes = {"disabled_reason": [locked.disabled_reason, ""]} if locked.is_disabled else {}
        locked.paused_at = locked.disabled_at = locked.failing_since = None
        locked.notice_due_at, locked.disabled_reason, locked.consecutive_failures = None, "", 0
        locked.save()
        audit.record(actor=actor, action=AuditAction.ENDPOINT_RESUME, target=locked, changes=changes)
        transaction.on_commit(partial(hint, DELIVER))
    return locked


@transaction.atomic
def rotate_secret(*, actor: Actor, endpoint: Endpoint, secret: str = "", overlap: timedelta = OVERLAP) -> str:
    """The new secret. Until the overlap is over, standard signatures are made with the one before as well.

    Errors: NotFound, Denied; Invalid (field: secret).
    """
    endpoint_policy.ensure("change", actor, endpoint)
    secret = _checked_secret(secret)
    locked = _locked(endpoint)
    locked.sealed_previous_secret = locked.sealed_secret if overlap else ""
    locked.previous_secret_until = timezone.now() + overlap if overlap else None
    locked.sealed_secret = encryption.encrypt(secret)
    locked.save(update_fields=["sealed_secret", "sealed_previous_secret", "previous_secret_until", "updated_at"])
    audit.record(actor=actor, action=AuditAction.ENDPOINT_ROTATE_SECRET, target=locked)
    return secret


@transaction.atomic
def send_test_event(*, actor: Actor, endpoint: Endpoint) -> Delivery:
    """A delivery of `endpoint.test`, whatever the filter says; its attempts tell how it went.

    Errors: NotFound, Denied; Conflict when the endpoint is paused, disabled or not active.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    locked = _locked(endpoint)
    ensure_sending(locked)
    data = {"endpoint_id": locked.public_id, "message": "This is a test."}
    events = store(
        actor=actor, events=[EventType.ENDPOINT_TEST], target=locked, download_id=locked.download_id, data=data
    )
    delivery = new_delivery(events[0], locked)
    delivery.save(force_insert=True)
    audit.record(actor=actor, action=AuditAction.ENDPOINT_TEST, target=locked)
    transaction.on_commit(partial(hint, DELIVER))
    return delivery


def ensure_sending(endpoint: Endpoint) -> None:
    """Errors: Conflict."""
    if not endpoint.is_active or endpoint.is_paused or endpoint.is_disabled:
        raise Conflict(
            ErrorCode.ENDPOINT_NOT_SENDING, "The endpoint is paused, disabled or not active. Resume it first."
        )


def erase_endpoints_of(*, actor: Actor, download_id: int) -> None:
    """Those of a download that is being erased; the caller has checked the rights and holds a transaction."""
    for endpoint in Endpoint.objects.select_for_update(no_key=True).filter(download_id=download_id).order_by("pk"):
        _erase(actor, endpoint)


def in_state(rows: QuerySet[Endpoint], state: Endpoint.State) -> QuerySet[Endpoint]:
    """The set form of `Endpoint.state`."""
    if state == Endpoint.State.DISABLED:
        return rows.filter(disabled_at__isnull=False)
    if state == Endpoint.State.OFF:
        return rows.filter(disabled_at=None, is_active=False)
    is_paused = state == Endpoint.State.PAUSED
    return rows.filter(disabled_at=None, is_active=True, paused_at__isnull=not is_paused)


# --- by the hub itself ------------------------------------------------------------------------------------------------


def disable_gone(endpoint_id: int) -> None:
    """A receiver that answered 410 wants no more."""
    _disable(endpoint_id, "The server answered 410: it is gone.")


def disable_failing() -> int:
    """Disable endpoints without a success for five days; returns how many."""
    failing = Endpoint.objects.filter(disabled_at=None, failing_since__lte=clock.now(-GIVEN_UP_AFTER))
    reason = f"No delivery succeeded for {GIVEN_UP_AFTER.days} days."
    return sum(_disable(pk, reason) for pk in failing.values_list("pk", flat=True))


def disable_abandoned() -> int:
    """Disable endpoints whose creator may no longer manage them; return how many.

    They receive nothing already. Disabling them tells the owners, who can take them over by resuming them.
    """
    abandoned = Endpoint.objects.filter(disabled_at=None).exclude(is_held())
    return sum(_disable(pk, ABANDONED) for pk in abandoned.values_list("pk", flat=True))


@transaction.atomic
def _disable(endpoint_id: int, reason: str) -> bool:
    rows = Endpoint.objects.filter(pk=endpoint_id, disabled_at=None)
    now = clock.now()
    if not rows.update(disabled_at=now, notice_due_at=now, disabled_reason=reason, updated_at=timezone.now()):
        return False
    endpoint = Endpoint.objects.get(pk=endpoint_id)
    audit.record(actor=system_actor(), action=AuditAction.ENDPOINT_DISABLE, target=endpoint, reason=reason)
    transaction.on_commit(partial(hint, notices.SEND))
    return True


# --- checks -----------------------------------------------------------------------------------------------------------


def _locked(endpoint: Endpoint) -> Endpoint:
    """Errors: NotFound when it was deleted meanwhile."""
    try:
        return Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    except Endpoint.DoesNotExist:
        raise NotFound from None


def _erase(actor: Actor, locked: Endpoint) -> None:
    audit.record(actor=actor, action=AuditAction.ENDPOINT_DELETE, target=locked, changes={"host": locked.host})
    locked.delete()


def _check_fields(fields: Mapping[str, Any]) -> None:
    if unknown := sorted(fields.keys() - _CHANGEABLE):
        raise _invalid(unknown[0], "This cannot be set.")
    if fields.get("format", Endpoint.Format.STANDARD) not in Endpoint.Format.values:
        raise _invalid("format", f"One of {', '.join(Endpoint.Format.values)}.")
    for name, longest in (("title", LONGEST_TITLE), ("description", LONGEST_DESCRIPTION)):
        if len(text := fields.get(name, "")) > longest or not _is_plain(text):
            raise _invalid(name, f"One line of at most {longest} characters.")
    _check_events(fields.get("events", []))
    _check_criteria(fields.get("criteria", {}))
    if "url" in fields:
        check_url(fields["url"])


def _check_events(events: Sequence[Any]) -> None:
    if not isinstance(events, list) or not all(isinstance(name, str) for name in events):
        raise _invalid("events", "A list of event names.")
    if unknown := sorted(set(events) - filters.NAMES):
        raise _invalid("events", f"Unknown event: {unknown[0]}.")


def _check_criteria(criteria: Any) -> None:
    blocks = list(criteria.values()) if isinstance(criteria, dict) else [None]
    if not all(isinstance(block, dict) and all(isinstance(item, list) for item in block.values()) for block in blocks):
        raise _invalid("criteria", "An object: object type, then field, then the list of values that pass.")
    if unknown := sorted(set(criteria) - set(filters.KINDS)):
        raise _invalid("criteria", f"Unknown object type: {unknown[0]}.")
    for block in criteria.values():
        if len(block) > MOST_CRITERIA or not all(_FIELD.fullmatch(name) for name in block):
            raise _invalid("criteria", f"At most {MOST_CRITERIA} fields, named as in the data of an event.")
        for values in block.values():
            if len(values) > MOST_VALUES or not all(_is_value(value) for value in values):
                raise _invalid("criteria", f"At most {MOST_VALUES} texts, numbers, true, false or null for a field.")


def _is_value(value: Any) -> bool:
    """What a snapshot holds and every database can keep."""
    if isinstance(value, str):
        return len(value) <= LONGEST_VALUE and _is_plain(value)
    return value is None or isinstance(value, (bool, int, float))


def _is_plain(text: str) -> bool:
    return text.isprintable()


def _check_tls(actor: Actor, fields: Mapping[str, Any]) -> None:
    """Errors: Denied."""
    if not fields.get("verify_tls", True) and not endpoint_policy.can_skip_tls(actor):
        raise Denied("Only the staff of this hub may leave a certificate unverified.", field="verify_tls")


def check_url(url: str) -> None:
    """Looks the host name up, which may take seconds: callers with a transaction of their own ask before it.

    A resolver that gives no answer refuses nothing: the address is judged again at every attempt.
    Errors: Invalid.
    """
    if len(url) > LONGEST_URL:
        raise _invalid("url", "At most 2000 characters.")
    try:
        check_target(url)
    except LookupFailed:
        return
    except (Refused, Unreachable) as error:
        raise _invalid("url", error.reason) from None


def _checked_secret(secret: str) -> str:
    """Errors: Invalid."""
    if secret and not signing.is_usable(secret):
        text = "8 to 200 printable characters without spaces; after whsec_ the base64 form of 24 to 64 bytes."
        raise _invalid("secret", text)
    return secret or signing.new_secret()


def _invalid(field: str, message: str) -> Invalid:
    return Invalid(ErrorCode.INVALID, message, field=field)
