"""Use cases of second factors."""

from allauth.mfa.models import Authenticator
from django.db import transaction

from releasehub.accounts.models import User
from releasehub.accounts.user_policies import user_policy
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor


@transaction.atomic
def remove_second_factors(*, actor: Actor, user: User, reason: str = "") -> int:
    """Remove all second factors and passkeys of a user who has lost them, and return their number."""
    user_policy.ensure("change", actor, user)
    rows = Authenticator.objects.filter(user=user)
    kinds = sorted(rows.values_list("type", flat=True))
    if kinds:
        rows.delete()
        changes = {"factors": kinds}
        audit.record(actor=actor, action=AuditAction.SECOND_FACTOR_REMOVE, target=user, changes=changes, reason=reason)
    return len(kinds)
