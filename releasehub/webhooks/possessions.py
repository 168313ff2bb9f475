"""The webhook endpoints of a user whose account is merged into another one."""

from __future__ import annotations

from django.db.models import QuerySet

from releasehub.accounts.models import User
from releasehub.accounts.possessions import Possession, pass_on_created
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.webhooks.models import Endpoint


def created_endpoints(user: User) -> QuerySet[Endpoint]:
    return Endpoint.objects.filter(created_by=user).order_by("pk")


def pass_on_endpoints(*, actor: Actor, giver: User, heir: User) -> int:
    """Let the endpoints depend on the rights of the other user. They stop if the heir may not manage them."""
    return pass_on_created(created_endpoints(giver), actor=actor, heir=heir, action=AuditAction.ENDPOINT_UPDATE)


ENDPOINTS = Possession(
    name="endpoints",
    label="webhook endpoints that the user created",
    count=lambda user: created_endpoints(user).count(),
    pass_on=pass_on_endpoints,
)
