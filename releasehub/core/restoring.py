"""The rule about restoring something that is not deleted, which is the same for downloads, versions and files."""

from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.models import SoftDeleteModel


def needs_restore(actor: Actor, row: SoftDeleteModel, name: str) -> bool:
    """Return whether there is something to restore. For superusers, a row that is not deleted is not an error.

    Args:
        name: The name of the row in an error message, such as `The file tool.zip`.
    """
    if not row.is_deleted and not actor.is_superuser:
        raise not_deleted(name)
    return row.is_deleted


def not_deleted(name: str) -> Conflict:
    return Conflict(ErrorCode.NOT_DELETED, f"{name} is not deleted, so there is nothing to restore.")
