"""Rules about new accounts: who may sign up, and which user names are free."""

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.models import Invitation, OneTimeLink, User
from releasehub.accounts.reserved_names import is_reserved_owner
from releasehub.accounts.services.invitations import find_by_token
from releasehub.accounts.services.one_time_links import find_link
from releasehub.core.errors import NotFound

# Names that look official, or that a special account uses.
RESERVED = frozenset({
    "abuse", "account", "accounts", "admin", "administrator", "anonymous", "api", "author", "authors", "everybody",
    "ghost", "help", "hub", "info", "me", "mod", "moderator", "noreply", "null", "official", "postmaster", "releasehub",
    "root", "security", "self", "settings", "staff", "super", "superuser", "support", "system", "team",
    "undefined", "user", "users", "webmaster", "www",
})  # fmt: skip
# No @ in a name: it would take over the sign-in and the invitations of the person with this e-mail address.
MAX_USERNAME_CHARACTERS = 40
USERNAME_RULE = _(
    "1 to 40 letters from A to Z, digits, dots, hyphens and underscores. It starts and ends with a letter or a digit."
)
validate_username = RegexValidator(r"\A[A-Za-z0-9](?:[A-Za-z0-9._-]{0,38}[A-Za-z0-9])?\Z", USERNAME_RULE)
RESERVED_NAME = _("This username is reserved. Choose another one.")
SESSION_TOKEN = "sign_up_token"  # noqa: S105 - the name of a session variable


def is_open_for(request: HttpRequest) -> bool:
    """Return whether the visitor may create an account: on an open hub, or with an invitation that admits them."""
    return bool(settings.SIGN_UP == "open" or admission_of(request))


def admission_of(request: HttpRequest) -> OneTimeLink | Invitation | None:
    """Return the link or the invitation that lets the visitor sign up, if its URL was opened in this session.

    A link from staff works on every hub. Invitations to teams and organizations admit people only if the operator has
    allowed it.
    """
    token = request.session.get(SESSION_TOKEN, "")
    return admission_by_token(token) if token else None


def admission_by_token(token: str) -> OneTimeLink | Invitation | None:
    """Return the link or the invitation behind the token, if it lets people sign up."""
    try:
        return find_link(OneTimeLink.Kind.SIGN_UP, token)
    except NotFound:
        pass
    if settings.SIGN_UP == "closed":
        return None
    try:
        return find_by_token(token)
    except NotFound:
        return None


def is_reserved(username: str) -> bool:
    """Return whether this user name cannot be chosen. Names of erased accounts are reserved too."""
    name = username.casefold()
    is_official = name in RESERVED or name in settings.RESERVED_USERNAMES
    return is_official or is_reserved_owner(name) or name.startswith("anonymized-")


def validate_owner_name(name: str) -> None:
    """Refuse a name with which URLs of the hub begin, for the account that sets up the hub."""
    if is_reserved_owner(name):
        raise ValidationError(RESERVED_NAME)


def awaits_confirmation(user: User) -> bool:
    """Return whether the user still has to confirm the address of the sign-up before the first sign-in.

    An address that a user adds later is not the primary one until it is confirmed, so it does not count here.
    """
    if user.email or settings.ACCOUNT_EMAIL_VERIFICATION != "mandatory":
        return False
    return bool(EmailAddress.objects.filter(user=user, verified=False, primary=True).exists())


def is_domain_allowed(email: str) -> bool:
    """Return whether people with this e-mail address may sign up."""
    domain = email.rpartition("@")[2].lower()
    return not settings.SIGN_UP_DOMAINS or domain in settings.SIGN_UP_DOMAINS
