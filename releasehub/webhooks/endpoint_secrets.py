"""Rotate the secrets of endpoints."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core import encryption
from releasehub.core.actor import Actor
from releasehub.webhooks.endpoint_fields import clean_secret
from releasehub.webhooks.endpoint_states import lock_endpoint
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.policies import endpoint_policy

SECRET_OVERLAP = timedelta(hours=24)
# After a double click, the receiver still has the secret from before the first click.
REPEATED_WITHIN = timedelta(minutes=1)


@transaction.atomic
def rotate_secret(*, actor: Actor, endpoint: Endpoint, secret: str = "", overlap: timedelta = SECRET_OVERLAP) -> str:
    """Replace the secret of an endpoint, and return the new one.

    Args:
        secret: The new secret. By default, a random one is generated. The present one changes nothing.
        overlap: How long standard signatures are also made with the previous secret. A rotation that follows another
            one within a minute replaces the new secret only.

    Raises:
        Invalid: The secret is invalid.
    """
    endpoint_policy.ensure("change", actor, endpoint)
    locked = lock_endpoint(endpoint)
    is_present = encryption.decrypts_to(locked.sealed_secret, secret)
    if is_present and (overlap or not locked.sealed_previous_secret):
        return secret
    secret = clean_secret(secret, locked.format)
    until = timezone.now() + overlap
    is_repeated = locked.previous_secret_until is not None and locked.previous_secret_until > until - REPEATED_WITHIN
    if not overlap:
        locked.sealed_previous_secret, locked.previous_secret_until = "", None
    elif not is_repeated:
        locked.sealed_previous_secret, locked.previous_secret_until = locked.sealed_secret, until
    locked.sealed_secret = encryption.encrypt(secret)
    locked.save(update_fields=["sealed_secret", "sealed_previous_secret", "previous_secret_until", "updated_at"])
    audit.record(actor=actor, action=AuditAction.ENDPOINT_ROTATE_SECRET, target=locked)
    return secret
