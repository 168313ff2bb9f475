"""End the imports of a user whose account is anonymized, and forget the tokens that the user has entered."""

from releasehub.accounts.models import User
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.importing.models import ImportSource


def end_imports(*, actor: Actor, user: User) -> None:
    """End the schedules of the user's imports. The versions stay, and others may start the imports again."""
    for source in ImportSource.objects.filter(created_by=user).order_by("pk"):
        fields = {"sync_hours": 0, "next_sync_at": None}
        changes = audit.changed_fields(source, {"sync_hours": 0})
        for name, value in fields.items():
            setattr(source, name, value)
        source.sealed_token = ""
        source.save(update_fields=[*fields, "sealed_token", "updated_at"])
        if changes:
            audit.record(actor=actor, action=AuditAction.IMPORT_UPDATE, target=source, changes=changes)
