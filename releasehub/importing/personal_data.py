"""The imports of a user: how they are exported, passed to another user, or ended.

Imports that pass to another user depend on that user's rights then, and their runs fail if the heir may not post
versions.
"""

from typing import Any

from releasehub.accounts.models import User
from releasehub.accounts.personal_data import MAX_EXPORTED_ROWS, created_rows
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.importing.models import ImportSource

FIELDS = ("kind", "address", "api_url", "sync_hours", "created_at", "download__title")


def imports_of(user: User) -> list[dict[str, Any]]:
    """Return the imports that the user set up, without their tokens."""
    return list(ImportSource.objects.filter(created_by=user).order_by("pk").values(*FIELDS)[:MAX_EXPORTED_ROWS])


IMPORTS = created_rows(ImportSource, AuditAction.IMPORT_UPDATE, name="imports", label="imports that the user set up")


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
