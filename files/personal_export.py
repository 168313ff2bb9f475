"""The picture of a user in the export of personal data."""

from typing import Any

from files.models import Avatar
from releasehub.accounts.models import User


def export_avatar(user: User) -> Any:
    """Return the path of the picture and when it was set, or None."""
    avatar = Avatar.objects.select_related("blob", "user").filter(user=user).first()
    return avatar and {"path": avatar.path, "set_at": avatar.created_at}
