"""Use cases of webhook endpoints: create, change, pause and test them.

The database has secrets in encrypted form. They are returned when they are set; only the v3 dialect, whose original
does so, shows them to those who manage the endpoint later on.
"""

from __future__ import annotations

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
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, NotFound
from releasehub.core.tasks import hint
from releasehub.webhooks.authentication import Authentication, AuthType, pop_authentication
from releasehub.webhooks.endpoint_fields import AUDITED_FIELDS, check_fields, check_tls, clean_secret, invalid
from releasehub.webhooks.events import EventType
from releasehub.webhooks.fanout import DELIVER_TASK, new_delivery
from releasehub.webhooks.filters import is_traffic
from releasehub.webhooks.models import Delivery, Endpoint, host_of, server_of
from releasehub.webhooks.policies import creator_can_manage, endpoint_policy
from releasehub.webhooks.services import store_events

SECRET_OVERLAP = timedelta(hours=24)


def create_endpoint(
    *,
    actor: Actor,
    url: str,
    organization: Organization | None = None,
    download_id: int | None = None,
    secret: str = "",
    **fields: Any,
) -> tuple[Endpoint, str]:
    """Create an endpoint, and return it together with its secret.

    The calling code has to make sure that the download exists.

    Args:
        actor: The actor.
        url: The URL. Its host name is resolved, which may take seconds.
        organization: The organization whose downloads the events are about.
        download_id: The download that the events are about.
        secret: The secret. By default, a random one is generated.
        fields: title, description, format, events, criteria, is_active, verify_tls, auth_type, auth_name and
            auth_secret. Credentials in the URL become an authentication of the type `basic`.

    Raises:
        NotFound: The actor does not manage the organization or the download.
        Denied: The actor may not create endpoints of the site, or may not disable TLS verification.
        Invalid: A value is invalid. The error names the field.
    """
    organization_id = organization.pk if organization else None
    endpoint_policy.ensure_create(actor, organization_id=organization_id, download_id=download_id)
    if organization is not None and download_id is not None:
        raise invalid("download_id", "Set either an organization or a download, not both.")
    fields["url"] = url
    authentication = pop_authentication(fields) or Authentication()
    check_fields(fields)
    check_tls(actor, fields)
    secret = clean_secret(secret, fields.get("format", Endpoint.Format.STANDARD))
    with transaction.atomic():
        endpoint = Endpoint.objects.create(
            organization=organization,
            download_id=download_id,
            sealed_secret=encryption.encrypt(secret),
            created_by=actor.grantor,
            wants_traffic=any(map(is_traffic, fields.get("events", []))),
            **authentication.columns,
            **fields,
        )
        endpoint_policy.note_reliance(actor, endpoint)
        values = {name: getattr(endpoint, name) for name in AUDITED_FIELDS}
        details = values | {"host": endpoint.host, "organization": organization_id}
        details["authentication"] = authentication.type
        audit.record(actor=actor, action=AuditAction.ENDPOINT_CREATE, target=endpoint, changes=details)
    return endpoint, secret


def secret_of(endpoint: Endpoint) -> str:
    """Return the secret that signs deliveries. The calling code makes sure that the caller manages the endpoint."""
    return encryption.decrypt(endpoint.sealed_secret)


def update_endpoint(*, actor: Actor, endpoint: Endpoint, **fields: Any) -> Endpoint:
    """Change the URL or fields of an endpoint. Existing deliveries keep their format.

    The permission to skip TLS verification was given for one URL. If an actor without that permission changes the URL,
    TLS verification is enabled again. The authentication belongs to one server: it is removed if the URL gets another
    scheme, host or port and the fields contain no new one.

    Raises:
        NotFound: The actor may not see the endpoint.
        Denied: The actor may not change it.
        Invalid: A value is invalid. The error names the field.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    authentication = pop_authentication(fields)
    check_fields(fields)
    with transaction.atomic():
        locked = _lock(endpoint)
        if fields.get("url", locked.url) != locked.url and not endpoint_policy.can_skip_tls(actor):
            check_tls(actor, fields)
            fields["verify_tls"] = True
        changes = audit.changed_fields(locked, fields)
        check_tls(actor, {name: fields[name] for name in changes})
        if authentication is None and "url" in changes and server_of(fields["url"]) != server_of(locked.url):
            authentication = Authentication()
        if authentication and (authentication.type, locked.auth_type) != (AuthType.NONE, AuthType.NONE):
            changes["authentication"] = [locked.auth_type, authentication.type]
        if not changes:
            return locked
        columns: dict[str, Any] = dict(authentication.columns) if authentication else {}
        if "events" in changes:
            columns["wants_traffic"] = any(map(is_traffic, fields["events"]))
        fields |= columns
        names = {*changes, *columns} - {"authentication"}
        for name in names:
            setattr(locked, name, fields[name])
        locked.save(update_fields=[*names, "updated_at"])
        if "url" in changes:  # the path may contain a token
            changes["url"] = [host_of(text) for text in changes["url"]]
        audit.record(actor=actor, action=AuditAction.ENDPOINT_UPDATE, target=locked, changes=changes)
    return locked


@transaction.atomic
def delete_endpoint(*, actor: Actor, endpoint: Endpoint) -> None:
    """Delete an endpoint with all its deliveries.

    Raises:
        NotFound: The actor may not see the endpoint.
        Denied: The actor may not change it.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    _delete(actor, _lock(endpoint))


@transaction.atomic
def pause_endpoint(*, actor: Actor, endpoint: Endpoint, reason: str = "") -> Endpoint:
    """Pause an endpoint. It still gets deliveries, which wait until it is resumed.

    Raises:
        NotFound: The actor may not see the endpoint.
        Denied: The actor may not change it.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    locked = _lock(endpoint)
    if not locked.is_paused:
        locked.paused_at = timezone.now()
        locked.save(update_fields=["paused_at", "updated_at"])
        audit.record(actor=actor, action=AuditAction.ENDPOINT_PAUSE, target=locked, reason=reason)
    return locked


@transaction.atomic
def resume_endpoint(*, actor: Actor, endpoint: Endpoint) -> Endpoint:
    """Resume an endpoint that is paused or was disabled by the hub. Waiting deliveries are sent.

    If the creator of the endpoint may no longer manage it, the actor takes its place, and the endpoint depends on the
    rights of the actor from now on.

    Raises:
        NotFound: The actor may not see the endpoint.
        Denied: The actor may not change it.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    locked = _lock(endpoint)
    if locked.is_paused or locked.is_disabled:
        if not Endpoint.objects.filter(creator_can_manage(), pk=locked.pk).exists():
            locked.created_by = actor.grantor
        changes = {"disabled_reason": [locked.disabled_reason, ""]} if locked.is_disabled else {}
        locked.paused_at = locked.disabled_at = locked.failing_since = None
        locked.notice_due_at, locked.disabled_reason, locked.consecutive_failures = None, "", 0
        locked.save()
        audit.record(actor=actor, action=AuditAction.ENDPOINT_RESUME, target=locked, changes=changes)
        transaction.on_commit(partial(hint, DELIVER_TASK))
    return locked


@transaction.atomic
def rotate_secret(*, actor: Actor, endpoint: Endpoint, secret: str = "", overlap: timedelta = SECRET_OVERLAP) -> str:
    """Replace the secret of an endpoint, and return the new one.

    Args:
        actor: The actor.
        endpoint: The endpoint.
        secret: The new secret. By default, a random one is generated.
        overlap: How long standard signatures are also made with the previous secret.

    Raises:
        NotFound: The actor may not see the endpoint.
        Denied: The actor may not change it.
        Invalid: The secret is invalid.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    locked = _lock(endpoint)
    secret = clean_secret(secret, locked.format)
    locked.sealed_previous_secret = locked.sealed_secret if overlap else ""
    locked.previous_secret_until = timezone.now() + overlap if overlap else None
    locked.sealed_secret = encryption.encrypt(secret)
    locked.save(update_fields=["sealed_secret", "sealed_previous_secret", "previous_secret_until", "updated_at"])
    audit.record(actor=actor, action=AuditAction.ENDPOINT_ROTATE_SECRET, target=locked)
    return secret


@transaction.atomic
def send_test_event(*, actor: Actor, endpoint: Endpoint) -> Delivery:
    """Create a delivery of the event `endpoint.test`, whatever the filter of the endpoint says.

    The attempts of the delivery show whether it works.

    Raises:
        NotFound: The actor may not see the endpoint.
        Denied: The actor may not change it.
        Conflict: The endpoint is paused, disabled or not active.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    locked = _lock(endpoint)
    ensure_sending(locked)
    data = {"endpoint_id": locked.public_id, "message": "This is a test."}
    events = store_events(
        actor=actor, events=[EventType.ENDPOINT_TEST], target=locked, download_id=locked.download_id, data=data
    )
    delivery = new_delivery(events[0], locked)
    delivery.save(force_insert=True)
    audit.record(actor=actor, action=AuditAction.ENDPOINT_TEST, target=locked)
    transaction.on_commit(partial(hint, DELIVER_TASK))
    return delivery


def ensure_sending(endpoint: Endpoint) -> None:
    """Check that the endpoint is sending.

    Raises:
        Conflict: The endpoint is paused, disabled or not active.
    """
    if not endpoint.is_active or endpoint.is_paused or endpoint.is_disabled:
        raise Conflict(
            ErrorCode.ENDPOINT_NOT_SENDING,
            "The endpoint is paused, disabled or inactive. Resume or activate it first.",
        )


def delete_endpoints_of(*, actor: Actor, download_id: int) -> None:
    """Delete the endpoints of a download that is being deleted.

    The calling code has to check the permissions, and to call this inside a transaction.
    """
    for endpoint in Endpoint.objects.select_for_update(no_key=True).filter(download_id=download_id).order_by("pk"):
        _delete(actor, endpoint)


def in_state(rows: QuerySet[Endpoint], state: Endpoint.State) -> QuerySet[Endpoint]:
    """Return the endpoints whose property `state` has this value."""
    if state == Endpoint.State.DISABLED:
        return rows.filter(disabled_at__isnull=False)
    if state == Endpoint.State.OFF:
        return rows.filter(disabled_at=None, is_active=False)
    is_paused = state == Endpoint.State.PAUSED
    return rows.filter(disabled_at=None, is_active=True, paused_at__isnull=not is_paused)


def _lock(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint as it is in the database, with its row locked.

    Raises:
        NotFound: The endpoint was deleted in the meantime.
    """
    try:
        return Endpoint.objects.select_for_update(no_key=True).get(pk=endpoint.pk)
    except Endpoint.DoesNotExist:
        raise NotFound from None


def _delete(actor: Actor, locked: Endpoint) -> None:
    audit.record(actor=actor, action=AuditAction.ENDPOINT_DELETE, target=locked, changes={"host": locked.host})
    locked.delete()
