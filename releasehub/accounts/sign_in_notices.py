"""Notices by e-mail about sign-ins with a browser or from a network that the account has not used lately."""

from allauth.account.adapter import get_adapter
from django.http import HttpRequest
from django.utils import timezone

from releasehub.accounts.browsers import describe_browser, user_agent_of
from releasehub.accounts.models import SignInCounter, User
from releasehub.accounts.throttle import KNOWN_NETWORK_DURATION, counter_key
from releasehub.core.requests import address_of, network_of


def send_sign_in_notice(request: HttpRequest, user: User) -> None:
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
