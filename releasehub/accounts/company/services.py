"""The use case of somebody who signs in at the provider of the company."""

import re
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from releasehub.accounts.company.provider import CLOCK_LEEWAY_SECONDS
from releasehub.accounts.models import CompanyIdentity, User
from releasehub.accounts.services.usernames import claim_username
from releasehub.accounts.sign_up import is_reserved
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.clean import strip_controls
from releasehub.core.errors import Denied
from releasehub.core.read_only import ensure_writable

MAX_NAME_CHARACTERS = 30
NAME_CLAIMS = {"first_name": "given_name", "last_name": "family_name"}
NO_ACCOUNT = (
    "This company account is not connected to an account of this hub. If you have an account, sign in with your "
    "password and connect the company account on the page “Password and security”. Otherwise, ask the operator of "
    "this hub."
)


@transaction.atomic
def user_of_claims(*, actor: Actor, claims: dict[str, Any]) -> User:
    """Return the user for verified claims: the connected one, the one with the same address, or a new one.

    A signed-in user is connected with the identity. An address counts only if the provider says that it is verified.

    Raises:
        Denied: The person does not belong to an allowed domain or group, or has no account and may not get one, or the
            identity or the user is connected with somebody else.
        ReadOnly: The hub accepts no changes.
    """
    ensure_writable()  # the provider sends people back with a GET, which the middleware lets through
    ensure_allowed(claims)
    subject, email = str(claims["sub"]), verified_email(claims)
    known = CompanyIdentity.objects.select_related("user").filter(issuer=settings.OIDC_ISSUER, subject=subject).first()
    if known is not None:
        if actor.user is not None and actor.user.pk != known.user_id:
            raise Denied("This company account is connected with another account of this hub.")
        CompanyIdentity.objects.filter(pk=known.pk).update(last_used_at=timezone.now())
        return known.user
    user = actor.user or _user_with(email) or _new_user(claims, email)
    if _identities_of(user).exists():
        raise Denied("This account is connected with another company account.")
    CompanyIdentity.objects.create(issuer=settings.OIDC_ISSUER, subject=subject, user=user)
    joined = actor.for_user(user)
    audit.record(
        actor=joined, action=AuditAction.COMPANY_CONNECT, target=user, changes={"issuer": settings.OIDC_ISSUER}
    )
    return user


@transaction.atomic
def disconnect(*, actor: Actor, user: User) -> None:
    """Remove the connection of the acting user.

    Raises:
        Denied: The user has no password, and so could not sign in any more.
    """
    if not user.has_usable_password():
        raise Denied("Set a password first. Without it, you could not sign in any more.")
    if CompanyIdentity.objects.filter(user=user).delete()[0]:
        audit.record(actor=actor, action=AuditAction.COMPANY_DISCONNECT, target=user)


def ensure_confirmed(*, user: User, claims: dict[str, Any], since: float) -> None:
    """Raise Denied unless the claims are about a company account of the user who signed in since then (Unix time).

    Providers that ignore `max_age` leave out `auth_time`. A sign-in at such a provider still proves that the browser
    has a session there, which somebody who only has a cookie of the hub does not have.
    """
    ensure_allowed(claims)
    if not _identities_of(user).filter(subject=str(claims["sub"])).exists():
        raise Denied("This is not the company account that is connected with your account of this hub.")
    signed_in_at = claims.get("auth_time", since)
    if not isinstance(signed_in_at, int | float) or signed_in_at < since - CLOCK_LEEWAY_SECONDS:
        raise Denied("Your company account did not ask you to sign in again. Sign out there and try again.")


def is_connected(user: User) -> bool:
    """Return whether the user can sign in at the provider."""
    return bool(settings.OIDC_ISSUER) and _identities_of(user).exists()


def ensure_allowed(claims: dict[str, Any]) -> None:
    """Raise Denied unless the person belongs to one of the allowed domains and to one of the allowed groups."""
    domain = verified_email(claims).rpartition("@")[2].lower()
    if settings.OIDC_DOMAINS and domain not in settings.OIDC_DOMAINS:
        raise Denied("The e-mail address of your company account is not in a domain that may use this hub.")
    if settings.OIDC_GROUPS and not settings.OIDC_GROUPS.intersection(_texts(claims.get("groups"))):
        raise Denied("Your company account does not belong to a group that may use this hub.")


def verified_email(claims: dict[str, Any]) -> str:
    """Return the address if the provider has verified it, or an empty text."""
    is_verified = claims.get("email_verified") in (True, "true")  # no set, because the value may be a list
    return str(claims.get("email") or "").strip().lower() if is_verified else ""


def _identities_of(user: User) -> QuerySet[CompanyIdentity]:
    return CompanyIdentity.objects.filter(user=user, issuer=settings.OIDC_ISSUER)


def _user_with(email: str) -> User | None:
    """Return the only active user with this address, except staff, who connect the identity themselves."""
    rows = User.objects.filter(email__iexact=email, is_active=True) if email else User.objects.none()
    # PostgreSQL also finds an address with a dotless i, which may belong to a stranger.
    users = [user for user in rows[:2] if user.email.lower() == email]
    is_plain = len(users) == 1 and not (users[0].is_staff or users[0].is_superuser)
    return users[0] if is_plain else None


def _new_user(claims: dict[str, Any], email: str) -> User:
    if not settings.OIDC_CREATES_ACCOUNTS or (email and User.objects.filter(email__iexact=email).exists()):
        raise Denied(NO_ACCOUNT)
    wanted = str(claims.get("preferred_username") or email or "user")
    names = {name: strip_controls(str(claims.get(claim) or ""))[:150] for name, claim in NAME_CLAIMS.items()}
    username = _free_username(wanted)
    claim_username(username)
    return User.objects.create_user(username, email, password=None, **names)


def _free_username(wanted: str) -> str:
    """Return a user name like the wanted one that is still free."""
    base = re.sub(r"[^A-Za-z0-9._-]+", "-", wanted.partition("@")[0]).strip("._-")[:MAX_NAME_CHARACTERS] or "user"
    number, name = 1, base
    while is_reserved(name) or User.objects.filter(username__iexact=name).exists():
        number += 1
        name = f"{base}-{number}"
    return name


def _texts(value: Any) -> Iterable[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
