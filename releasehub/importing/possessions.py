"""The imports of a user whose account is merged into another one."""

from __future__ import annotations

from django.db.models import QuerySet

from releasehub.accounts.models import User
from releasehub.accounts.possessions import Possession
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.importing.models import ImportSource


def created_imports(user: User) -> QuerySet[ImportSource]:
    return ImportSource.objects.filter(created_by=user).order_by("pk")


def pass_on_imports(*, actor: Actor, giver: User, heir: User) -> int:
    """Let the imports depend on the rights of the other user. Their runs fail if the heir may not post versions."""
    sources = list(created_imports(giver))
    for source in sources:
        source.created_by = heir
        source.save(update_fields=["created_by", "updated_at"])
        changes = {"created_by": [giver.pk, heir.pk]}
        audit.record(actor=actor, action=AuditAction.IMPORT_UPDATE, target=source, changes=changes)
    return len(sources)


IMPORTS = Possession(
    name="imports",
    label="imports that the user set up",
    count=lambda user: created_imports(user).count(),
    pass_on=pass_on_imports,
)
