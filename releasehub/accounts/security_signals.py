"""Signal handlers for second factors and passwords: they record changes, end sessions, and send notices of sign-ins."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.signals import password_changed, password_reset, password_set, user_logged_in
from allauth.mfa import signals
from allauth.mfa.models import Authenticator
from django.dispatch import Signal, receiver
from django.http import HttpRequest
from django.utils import timezone

from releasehub.accounts.browsers import describe_browser, remember_browser, sign_out_everywhere, user_agent_of
from releasehub.accounts.models import SignInCounter, User
from releasehub.accounts.services.one_time_links import end_password_links
from releasehub.accounts.throttle import KNOWN_NETWORK_DURATION, counter_key
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.requests import address_of, network_of, web_actor

FACTOR_ACTIONS = {
    signals.authenticator_added: AuditAction.SECOND_FACTOR_ADD,
    signals.authenticator_removed: AuditAction.SECOND_FACTOR_REMOVE,
    signals.authenticator_reset: AuditAction.SECOND_FACTOR_RESET,
}


@receiver(list(FACTOR_ACTIONS))
def record_factor(
    signal: Signal, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    changes = {"factor": str(authenticator.type)}
    audit.record(actor=web_actor(request, user), action=FACTOR_ACTIONS[signal], target=user, changes=changes)


@receiver(signals.authentication_failed)
def record_wrong_code(request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    actor = web_actor(request)
    changes = {"factor": str(authenticator.type)}
    audit.record_refusal(actor=actor, action=AuditAction.SIGN_IN_FAILED, label=user.username, changes=changes)


@receiver([password_changed, password_set])
def end_other_sessions(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Keep only the session that changed the password. It has a new key since then."""
    end_password_links(user)
    remember_browser(request, user)
    actor = web_actor(request, user)
    sign_out_everywhere(actor=actor, user=user, except_session=request.session.session_key)


@receiver(password_reset)
def end_all_sessions(request: HttpRequest, user: User, **kwargs: Any) -> None:
    end_password_links(user)
    actor = web_actor(request, user)
    sign_out_everywhere(actor=actor, user=user)


@receiver(user_logged_in)
def send_sign_in_notice(request: HttpRequest, user: User, **kwargs: Any) -> None:
    """Tell the user by e-mail if the browser or the network is new, unless the account has not been used lately."""
    browser, network = describe_browser(user_agent_of(request)), network_of(address_of(request))
    is_first = _remember("any device", str(user.pk))
    is_new = _remember("device", str(user.pk), browser, network)
    if is_new and not is_first and user.wants_sign_in_mail:
        get_adapter().send_notification_mail("account/email/new_browser", user)


def _remember(kind: str, *names: str) -> bool:
    """Store a digest of the names, and return whether it was unknown or had expired."""
    now, key = timezone.now(), counter_key(kind, *names)
    is_known = SignInCounter.objects.filter(key=key, window_ends_at__gt=now).exists()
    SignInCounter.objects.update_or_create(key=key, defaults={"window_ends_at": now + KNOWN_NETWORK_DURATION})
    return not is_known
