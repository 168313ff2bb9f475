"""Use cases of webhook endpoints: create, change, pause and test them.

The database has secrets in encrypted form. They are returned when they are set; only the v3 dialect, whose original
does so, shows them to those who manage the endpoint later on.
"""

from typing import Any

from django.db import transaction

from releasehub.accounts.models import Organization
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core import encryption
from releasehub.core.actor import Actor
from releasehub.webhooks.authentication import Authentication, authentication_of, invalid, pop_authentication
from releasehub.webhooks.endpoint_fields import AUDITED_FIELDS, check_fields, check_tls, clean_secret
from releasehub.webhooks.endpoint_states import lock_endpoint
from releasehub.webhooks.filters import is_traffic
from releasehub.webhooks.hosts import host_of, server_of
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.policies import endpoint_policy


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
        url: The URL. Its host name is resolved, which may take seconds.
        secret: The secret. By default, a random one is generated.
        fields: title, description, format, events, criteria, foreign_events, foreign_criteria, is_active, verify_tls,
            auth_type, auth_name and auth_secret. Credentials in the URL become an authentication of the type `basic`.

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

    With a new URL, the endpoint depends on the rights of the actor from now on, who decides where the events go.

    Raises:
        Invalid: A value is invalid. The error names the field.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    authentication = pop_authentication(fields)
    check_fields(fields)
    with transaction.atomic():
        locked = lock_endpoint(endpoint)
        if fields.get("url", locked.url) != locked.url and not endpoint_policy.can_skip_tls(actor):
            check_tls(actor, fields)
            fields["verify_tls"] = True
        changes = audit.changed_fields(locked, fields)
        values: dict[str, Any] = {name: fields[name] for name in changes}
        check_tls(actor, values)
        if authentication is None and "url" in changes and server_of(fields["url"]) != server_of(locked.url):
            authentication = Authentication()
        if authentication and authentication != authentication_of(locked):
            changes["authentication"] = [locked.auth_type, authentication.type]
        if not changes:
            return locked
        if "url" in changes and locked.created_by != actor.grantor:
            changes |= audit.changed_fields(locked, {"created_by": actor.grantor})
            values["created_by"] = actor.grantor
        if authentication:
            values |= authentication.columns
        if "events" in changes:
            values["wants_traffic"] = any(map(is_traffic, fields["events"]))
        for name, value in values.items():
            setattr(locked, name, value)
        locked.save(update_fields=[*values, "updated_at"])
        if "url" in changes:  # the path may contain a token
            changes["url"] = [host_of(text) for text in changes["url"]]
        audit.record(actor=actor, action=AuditAction.ENDPOINT_UPDATE, target=locked, changes=changes)
    return locked


@transaction.atomic
def delete_endpoint(*, actor: Actor, endpoint: Endpoint) -> None:
    endpoint_policy.ensure("change", actor, endpoint)
    _delete(actor, lock_endpoint(endpoint))


def delete_endpoints_of(*, actor: Actor, download_id: int) -> None:
    """Delete the endpoints of a download that is being deleted.

    The calling code has to check the permissions, and to call this inside a transaction.
    """
    for endpoint in Endpoint.objects.select_for_update(no_key=True).filter(download_id=download_id).order_by("pk"):
        _delete(actor, endpoint)


def _delete(actor: Actor, locked: Endpoint) -> None:
    audit.record(actor=actor, action=AuditAction.ENDPOINT_DELETE, target=locked, changes={"host": locked.host})
    locked.delete()
