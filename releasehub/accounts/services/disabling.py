"""Disable and enable an account, end its sessions, and remove its second factors."""

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import F

from releasehub.accounts.browsers import sign_out_everywhere
from releasehub.accounts.models import User
from releasehub.accounts.services.administrators import ensure_other_administrator
from releasehub.accounts.services.locking import hold_account
from releasehub.accounts.services.one_time_links import end_password_links
from releasehub.accounts.user_policies import user_policy
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor


@transaction.atomic
def disable_user(*, actor: Actor, user: User, reason: str = "") -> None:
    """Deactivate an account: sessions, tokens, API keys and links of the user stop working at once.

    Disabling it again changes nothing. What the user owns stays.

    Raises:
        Denied: The actor may not change it, or it is the actor's own.
        Conflict: It is the account of the last site administrator.
    """
    user_policy.ensure("disable", actor, user)
    if user.is_superuser:
        ensure_other_administrator(user)
    close_sign_in(actor=actor, user=user, reason=reason)


def close_sign_in(*, actor: Actor, user: User, reason: str = "") -> None:
    """Deactivate an account and end its sessions. The caller has checked who may do that."""
    # `update` sends no signal: its handler would write a second audit row, without the reason.
    if User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        changes = {"is_active": [True, False]}
        audit.record(actor=actor, action=AuditAction.USER_DISABLE, target=user, changes=changes, reason=reason)
    user.is_active = False
    end_password_links(user)
    _end_sessions(actor, user)


@transaction.atomic
def enable_user(*, actor: Actor, user: User, reason: str = "") -> None:
    """Activate an account again. The user has to sign in again, and API keys that were not revoked work again.

    Raises:
        Denied: The actor may not change it, or it was anonymized.
        Conflict: It was anonymized after this request has read it.
    """
    user_policy.ensure("change", actor, user)
    hold_account(user)
    if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        changes = {"is_active": [False, True]}
        audit.record(actor=actor, action=AuditAction.USER_ENABLE, target=user, changes=changes, reason=reason)
    user.is_active = True


@transaction.atomic
def end_sessions(*, actor: Actor, user: User, reason: str = "") -> int:
    """Sign a user out in all browsers, and end the tokens of the API. Return the number of browsers.

    API keys keep working, because the user created them for programs.
    """
    user_policy.ensure("change", actor, user)
    number = _end_sessions(actor, user)
    changes = {"browsers": number}
    audit.record(actor=actor, action=AuditAction.USER_SIGN_OUT, target=user, changes=changes, reason=reason)
    return number


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


def _end_sessions(actor: Actor, user: User) -> int:
    """Delete the known sessions, and make all others and the tokens of the API invalid."""
    User.objects.filter(pk=user.pk).update(session_generation=F("session_generation") + 1)
    return sign_out_everywhere(actor=actor, user=user)
