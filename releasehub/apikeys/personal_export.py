"""The part of a personal export about API keys."""

from typing import Any

from releasehub.accounts.models import User
from releasehub.accounts.personal_data import MAX_EXPORTED_ROWS
from releasehub.apikeys.models import ApiKey

FIELDS = ("name", "prefix", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")


def keys_of(user: User) -> list[dict[str, Any]]:
    return list(ApiKey.objects.filter(user=user).values(*FIELDS)[:MAX_EXPORTED_ROWS])
