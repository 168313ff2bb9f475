"""Limits on sign-ups and e-mails. They are counted in the database, so they hold for all processes together."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from releasehub.accounts.models import SignInCounter
from releasehub.accounts.throttle import counter_key
from releasehub.core.errors import TooMany
from releasehub.core.requests import network_of

HOUR = timedelta(hours=1)
SIGN_UPS_PER_NETWORK = 20
MAILS_PER_NETWORK = 20
MAILS_PER_ADDRESS = 5
INVITATIONS_PER_ADDRESS = 5


def count_sign_up(address: str | None) -> None:
    """Count an attempt to create an account.

    Raises:
        TooMany: This network created too many accounts in one hour.
    """
    _count("sign-up", network_of(address), SIGN_UPS_PER_NETWORK)


def count_mail_request(address: str | None, recipient: str) -> None:
    """Count a request that sends an e-mail, with or without an account behind the address.

    Raises:
        TooMany: This network or this recipient caused too many e-mails in one hour.
    """
    _count("mail by network", network_of(address), MAILS_PER_NETWORK)
    _count("mail to address", recipient.lower(), MAILS_PER_ADDRESS)


def count_invitation_mail(recipient: str) -> None:
    """Count an e-mail with an invitation, of all senders together.

    Other e-mails are counted apart, so that invitations cannot use them up.

    Raises:
        TooMany: This recipient got too many invitations in one hour.
    """
    _count("invitation to address", recipient.lower(), INVITATIONS_PER_ADDRESS)


@transaction.atomic
def _count(kind: str, name: str, limit: int) -> None:
    now = timezone.now()
    defaults = {"window_ends_at": now + HOUR, "last_tried_at": now}
    rows = SignInCounter.objects.select_for_update()
    counter, _ = rows.get_or_create(key=counter_key(kind, name), defaults=defaults)
    if not now < counter.window_ends_at <= now + HOUR:  # over, or begun before somebody set the clock back
        counter.failures, counter.window_ends_at = 0, now + HOUR
    if counter.failures >= limit:
        wait = max(int((counter.window_ends_at - now).total_seconds()), 1)
        raise TooMany(f"Too many requests. Try again in {-(-wait // 60)} minutes.", wait=wait)
    counter.failures += 1
    counter.last_tried_at = now
    counter.save(update_fields=["failures", "window_ends_at", "last_tried_at"])
