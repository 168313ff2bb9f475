"""The browsers in which a user is signed in."""

from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from releasehub.accounts.models import SignedInBrowser, User
from releasehub.accounts.models.sign_in import MAX_USER_AGENT_CHARACTERS
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.core.requests import address_of, is_valid_address, web_actor

MAX_DELETED_SESSIONS = 5_000  # in one run of the hourly task
# The first match wins: most browsers also name the browsers that they imitate.
_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iOS"), ("iPad", "iOS"),
    ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def remember_browser(request: HttpRequest, user: User) -> None:
    """Store in which browser the user has just signed in."""
    if request.session.session_key is None:
        request.session.save()
    address = address_of(request) or ""
    values = {
        "user": user,
        "address": address if is_valid_address(address) else None,
        "user_agent": user_agent_of(request),
        "created_at": timezone.now(),
    }
    SignedInBrowser.objects.update_or_create(session_id=request.session.session_key, defaults=values)


def user_agent_of(request: HttpRequest) -> str:
    return "".join(filter(str.isprintable, request.META.get("HTTP_USER_AGENT", "")))[:MAX_USER_AGENT_CHARACTERS]


def browsers_of(user: User) -> QuerySet[SignedInBrowser]:
    """Return the browsers in which the user is signed in, newest first."""
    rows = SignedInBrowser.objects.filter(user=user, session__expire_date__gt=timezone.now())
    return rows.order_by("-created_at")


@transaction.atomic
def sign_out_browser(*, actor: Actor, browser_id: int) -> None:
    browser = SignedInBrowser.objects.filter(user=actor.user_id, pk=browser_id).first()
    if browser is None or actor.user is None:
        raise NotFound
    changes = {"browser": describe_browser(browser.user_agent)}
    audit.record(actor=actor, action=AuditAction.SIGN_OUT, target=actor.user, changes=changes)
    Session.objects.filter(pk=browser.session_id).delete()


@transaction.atomic
def sign_out_everywhere(*, actor: Actor, user: User, except_session: str | None = None) -> int:
    """End all sessions of the user, except one, and return their number. The caller checks who may do this."""
    keys = list(_sessions_of(user, except_session=except_session).values_list("pk", flat=True))
    if keys:
        Session.objects.filter(pk__in=keys).delete()
        audit.record(actor=actor, action=AuditAction.SIGN_OUT, target=user, changes={"browsers": len(keys)})
    return len(keys)


@transaction.atomic
def sign_out_elsewhere(*, request: HttpRequest, user: User) -> int:
    """End all sessions of the user except that of the request, and the tokens of v3. Return the number of browsers.

    A person who knew the password may also have a token. API keys stay, because they are listed on a page of their own.
    """
    User.objects.filter(pk=user.pk).update(session_generation=F("session_generation") + 1)
    user.refresh_from_db(fields=["session_generation"])
    request.session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    request.session.save()  # within the transaction, so that no other request of this browser finds an old generation
    keys = list(_sessions_of(user, except_session=request.session.session_key).values_list("pk", flat=True))
    Session.objects.filter(pk__in=keys).delete()
    audit.record(
        actor=web_actor(request, user), action=AuditAction.SIGN_OUT, target=user, changes={"browsers": len(keys)}
    )
    return len(keys)


def _sessions_of(user: User, *, except_session: str | None = None) -> QuerySet[Session]:
    return Session.objects.filter(browser__user=user).exclude(pk=except_session or "")


def delete_expired_sessions() -> int:
    """Delete sessions that have expired, with the browsers and addresses that belong to them. Return their number."""
    expired = Session.objects.filter(expire_date__lt=timezone.now())
    keys = list(expired.order_by("expire_date").values_list("pk", flat=True)[:MAX_DELETED_SESSIONS])
    Session.objects.filter(pk__in=keys).delete()
    return len(keys)


def describe_browser(user_agent: str) -> str:
    """Return a short name of the browser, such as *Firefox, Linux*."""
    names = (_first_match(_BROWSERS, user_agent), _first_match(_SYSTEMS, user_agent))
    return ", ".join(filter(None, names)) or user_agent[:60]


def _first_match(choices: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for word, name in choices if word in text), "")
