"""The webhook endpoints of a user whose account is merged into another one."""

from __future__ import annotations

from django.db.models import QuerySet

from releasehub.accounts.models import User
from releasehub.accounts.possessions import Possession
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.webhooks.models import Endpoint


def created_endpoints(user: User) -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(created_by=user).order_by("pk")


def pass_on_endpoints(*, actor: Actor, giver: User, heir: User) -> int:
    """Let the endpoints depend on the rights of the other user. They stop if the heir may not manage them."""
    endpoints = list(created_endpoints(giver))
    for endpoint in endpoints:
        endpoint.created_by = heir
        endpoint.save(update_fields=["created_by"])
        changes = {"created_by": [giver.pk, heir.pk]}
        audit.record(actor=actor, action=AuditAction.ENDPOINT_UPDATE, target=endpoint, changes=changes)
    return len(endpoints)


ENDPOINTS = Possession(
    name="endpoints",
    label="webhook endpoints that the user created",
    count=lambda user: created_endpoints(user).count(),
    pass_on=pass_on_endpoints,
)
