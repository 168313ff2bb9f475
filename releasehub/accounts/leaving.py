"""Erase how a user signs in, when the account is anonymized."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.sessions.models import Session
from django.db.models import Q

from releasehub.accounts.models import CompanyIdentity, OneTimeLink, OutgoingMail, User


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
