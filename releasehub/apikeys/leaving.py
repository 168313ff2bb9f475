"""Revoke the API keys of a user whose account is anonymized."""

from releasehub.accounts.models import User
from releasehub.apikeys.models import ApiKey
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor

NAME = "anonymized"  # people write into the name of a key what it is for, and whose it is


def revoke_keys(*, actor: Actor, user: User) -> None:
    """Revoke all keys of the user for good, and replace their names."""
    ApiKey.objects.filter(user=user).update(name=NAME)
    for key in ApiKey.objects.filter(user=user, revoked_at=None).order_by("pk"):
        if key.mark_revoked():
            audit.record(actor=actor, action=AuditAction.API_KEY_REVOKE, target=key)
