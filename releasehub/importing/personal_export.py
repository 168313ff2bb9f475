"""The part of a personal export about imports."""

from typing import Any

from releasehub.accounts.models import User
from releasehub.accounts.personal_data import MAX_EXPORTED_ROWS
from releasehub.importing.models import ImportSource

FIELDS = ("kind", "address", "api_url", "sync_hours", "created_at", "download__title")


def imports_of(user: User) -> list[dict[str, Any]]:
    """Return the imports that the user set up, without their tokens."""
    return list(ImportSource.objects.filter(created_by=user).order_by("pk").values(*FIELDS)[:MAX_EXPORTED_ROWS])
