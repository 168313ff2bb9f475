"""The imports of a user whose account is merged into another one."""

from __future__ import annotations

from django.db.models import QuerySet

from releasehub.accounts.models import User
from releasehub.accounts.possessions import Possession, pass_on_created
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.importing.models import ImportSource


def created_imports(user: User) -> QuerySet[ImportSource]:
    return ImportSource.objects.filter(created_by=user).order_by("pk")


def pass_on_imports(*, actor: Actor, giver: User, heir: User) -> int:
    """Let the imports depend on the rights of the other user. Their runs fail if the heir may not post versions."""
    return pass_on_created(created_imports(giver), actor=actor, heir=heir, action=AuditAction.IMPORT_UPDATE)


IMPORTS = Possession(
    name="imports",
    label="imports that the user set up",
    count=lambda user: created_imports(user).count(),
    pass_on=pass_on_imports,
)
