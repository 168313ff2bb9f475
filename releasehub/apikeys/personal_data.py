"""The API keys of a user: how they are exported, passed to another user, or revoked."""

from typing import Any

from django.db.models import QuerySet

from releasehub.accounts.models import User
from releasehub.accounts.personal_data import MAX_EXPORTED_ROWS, Possession
from releasehub.apikeys.models import ApiKey
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor

FIELDS = ("name", "prefix", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")


def keys_of(user: User) -> list[dict[str, Any]]:
    return list(ApiKey.objects.filter(user=user).values(*FIELDS)[:MAX_EXPORTED_ROWS])


def usable_keys(user: User) -> QuerySet[ApiKey]:
    return ApiKey.objects.filter(user=user, revoked_at=None).order_by("pk")


def pass_on_keys(*, actor: Actor, giver: User, heir: User) -> int:
    """Let the keys act for the other user, so that pipelines go on, and return their number.

    A key acts with the rights of its user. If the heir is staff, the keys are revoked instead, because their holders
    would gain the rights of staff.
    """
    keys = list(usable_keys(giver))
    for key in keys:
        if heir.is_staff or heir.is_superuser or key.is_super_user:
            key.mark_revoked()
            audit.record(actor=actor, action=AuditAction.API_KEY_REVOKE, target=key)
        else:
            key.user = heir
            key.save(update_fields=["user"])
            changes = {"user": [giver.pk, heir.pk]}
            audit.record(actor=actor, action=AuditAction.API_KEY_ISSUE, target=key, changes=changes)
    return len(keys)


API_KEYS = Possession(
    name="api_keys", label="API keys", count=lambda user: usable_keys(user).count(), pass_on=pass_on_keys
)


NAME = "anonymized"  # people write into the name of a key what it is for, and whose it is


def revoke_keys(*, actor: Actor, user: User) -> None:
    """Revoke all keys of the user for good, and replace their names."""
    ApiKey.objects.filter(user=user).update(name=NAME)
    for key in ApiKey.objects.filter(user=user, revoked_at=None).order_by("pk"):
        if key.mark_revoked():
            audit.record(actor=actor, action=AuditAction.API_KEY_REVOKE, target=key)
