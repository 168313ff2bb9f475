"""Anonymize a person who leaves: the content and the audit log stay, the personal data goes."""

from functools import partial

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.hashers import make_password
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.models import CompanyIdentity, Invitation, Membership, OneTimeLink, OutgoingMail, User
from releasehub.accounts.personal_data import check_leaving, erasers, trace_erasers
from releasehub.accounts.services.locking import lock_accounts
from releasehub.accounts.services.members import end_membership
from releasehub.accounts.user_policies import user_policy
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.audit.retention import clear_addresses_of
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied
from releasehub.core.tasks import hint

TRACES_TASK = "accounts.erase_traces"
EFFECT = _(
    "The user name, the names, the picture, the e-mail address, the password, second factors, sessions, invitations"
    " and watches are erased, the API keys are revoked, and the webhook endpoints that the user created are "
    "disabled. The user leaves all teams and organizations and can never sign in again. What the user wrote and "
    "published stays under a pseudonym, and downloads keep this account as their owner until somebody transfers "
    "them. The audit log keeps the user name and the e-mail address until its rows are deleted, because its rows "
    "cannot be changed."
)


@transaction.atomic
def anonymize_user(*, actor: Actor, user: User, reason: str = "") -> User:
    """Erase the personal data of a user and close the account for good. Doing it again changes nothing.

    A worker erases the remaining traces afterwards, see `erase_traces`.

    Raises:
        Denied: The actor may not change the account, or it is the actor's own or that of a site administrator.
        Conflict: The user is the last owner or admin of an organization, or a legal hold covers what the user made.
    """
    if user.is_superuser and user_policy.can_view(actor, user):
        raise Denied(f"{user} is a site administrator. Take that status away before you anonymize the account.")
    user_policy.ensure("anonymize", actor, user)
    (user,) = lock_accounts(user)
    if user.anonymized_at is not None:
        return user
    user_policy.ensure("anonymize", actor, user)
    return _anonymize(actor, user, reason)


@transaction.atomic
def close_account(*, actor: Actor, user: User) -> User:
    """Erase the personal data of the acting user and close the account for good.

    Raises:
        Denied: It is not the actor's own, or the user is a site administrator.
        Conflict: The user is the last owner or admin of an organization, or a legal hold covers what the user made.
    """
    user_policy.ensure("close", actor, user)
    (user,) = lock_accounts(user)
    user_policy.ensure("close", actor, user)
    return _anonymize(actor, user, "The user closed the account.")


def _anonymize(actor: Actor, user: User, reason: str) -> User:
    check_leaving(user)
    for member in Membership.objects.filter(user=user).select_related("organization").order_by("organization_id"):
        end_membership(actor=actor, member=member)
    _delete_invitations(user)
    erase_sign_in(user)
    for erase in erasers:
        erase(actor=actor, user=user)
    _clear_account(user)
    audit.record(actor=actor, action=AuditAction.USER_ANONYMIZE, target=user, reason=reason)
    transaction.on_commit(partial(hint, TRACES_TASK))
    return user


def erase_traces() -> int:
    """Erase what is left of anonymized users in tables that have to be read as a whole. Return how many users are done.

    These are sessions, which no longer work, the IP addresses of the user in the audit log, and what other layers
    registered. A user whose newest audit rows are not chained yet is done in a later run.
    """
    done = 0
    for user in User.objects.filter(anonymized_at__isnull=False, traces_erased_at=None).order_by("pk"):
        _delete_sessions(user)
        is_done = [clear_addresses_of(user.pk), *(erase(user) for erase in trace_erasers)]
        if all(is_done):
            done += User.objects.filter(pk=user.pk).update(traces_erased_at=timezone.now())
    return done


def pseudonym_of(user: User) -> str:
    """Return the user name of the account after its anonymization. Another account may have chosen the usual one."""
    name = f"anonymized-{user.pk}"
    is_taken = User.objects.filter(username=name).exclude(pk=user.pk).exists()
    return f"anonymized-{user.public_id}" if is_taken else name


def _delete_invitations(user: User) -> None:
    """Delete the invitations of and by the user. Those by e-mail are not linked to the account."""
    keys = [key for key in (user.username, user.email.lower()) if key]
    Invitation.objects.filter(Q(user=user) | Q(invited_by=user) | Q(invited_key__in=keys)).delete()


def _clear_account(user: User) -> None:
    """Overwrite the row. `update` sends no signal: its handler would write the old values to the audit log."""
    user.groups.clear()
    user.user_permissions.clear()
    values = {
        "username": pseudonym_of(user),
        "first_name": "",
        "last_name": "",
        "email": "",
        "password": make_password(None),
        "last_login": None,
        "language": "",
        "time_zone": "",
        "is_active": False,
        "is_staff": False,
        "anonymized_at": timezone.now(),
    }
    User.objects.filter(pk=user.pk).update(**values)
    user.refresh_from_db()


def _delete_sessions(user: User) -> None:
    """Delete the sessions of the user. The new password has already made them invalid."""
    pk = str(user.pk)
    rows = Session.objects.iterator(chunk_size=1000)
    keys = [row.pk for row in rows if row.get_decoded().get("_auth_user_id") == pk]
    Session.objects.filter(pk__in=keys).delete()


def erase_sign_in(user: User) -> None:
    """Delete second factors, links, sessions, addresses and e-mails that wait for the mail server."""
    Session.objects.filter(browser__user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    CompanyIdentity.objects.filter(user=user).delete()
    OneTimeLink.objects.filter(Q(user=user) | Q(created_by=user)).delete()
    addresses = EmailAddress.objects.filter(user=user)
    for address in {user.email, *addresses.values_list("email", flat=True)} - {""}:
        OutgoingMail.objects.filter(recipient__iexact=address).delete()
    addresses.delete()
