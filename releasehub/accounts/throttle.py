"""Limits on password attempts. The counters are in the database, so they hold for every interface and process.

Three limits apply at the same time, each within a window of `WINDOW_SECONDS`:

- A network may fail `SIGN_IN_ATTEMPTS` times for one account.
- A network may fail `NETWORK_FACTOR` times as often for all accounts together.
- All unknown networks together may fail `SIGN_IN_ATTEMPTS` times for one account. After that they are slowed down, but
  not locked out: they get one attempt every `SLOW_SECONDS`, and only while a network has hardly failed yet.

A network is known to an account if the user has signed in from it recently. The third limit does not apply to known
networks, so that somebody who knows a user's name cannot lock that user out. Each time a network reaches its limit, the
next window is twice as long.
"""

import math
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from releasehub.accounts.models import SignInCounter
from releasehub.core.requests import network_of

WINDOW_SECONDS = 15 * 60
# Many people may share a network, so it may fail more often for all accounts than for one.
NETWORK_FACTOR = 5
SLOW_SECONDS = 30
SLOW_ATTEMPTS = 3
MAX_LEVEL = 6
KNOWN_NETWORK_DURATION = timedelta(days=90)
LEVEL_DURATION = timedelta(days=1)


@transaction.atomic
def begin_attempt(username: str, address: str | None) -> int:
    """Count an attempt before the password is compared, so that concurrent attempts count too.

    Returns:
        0 if the password may be compared, or the seconds to wait. A refused attempt is not counted.
    """
    # The counters are always locked in the same order, so that concurrent attempts cannot deadlock.
    now, limit = timezone.now(), settings.SIGN_IN_ATTEMPTS
    network = network_of(address)
    account = username.casefold()
    counters = []
    if network:
        counters.append(_lock_counter(now, "network", network))
        if counters[0].failures >= limit * NETWORK_FACTOR:
            return _seconds(counters[0].window_ends_at - now)
    pair = _lock_counter(now, "pair", account, network)
    counters.append(pair)
    if pair.failures >= limit:
        return _seconds(pair.window_ends_at - now)
    if not _is_known(now, account, network):
        everyone = _lock_counter(now, "account", account)
        counters.append(everyone)
        if everyone.failures >= limit and (wait := _slow_wait(now, everyone, pair)):
            return wait
    # The attempt is counted before the password is compared, so that parallel attempts cannot all pass the check.
    # A success takes it back.
    for counter in counters:
        counter.failures += 1
        counter.last_tried_at = now
        counter.save(update_fields=["failures", "level", "window_ends_at", "last_tried_at"])
    return 0


@transaction.atomic
def reset_attempts(username: str, address: str | None) -> None:
    """Reset the counters after a successful sign-in.

    The network becomes known to the account and its counter is deleted. The shared counters only lose this attempt.
    """
    network, account = network_of(address), username.casefold()
    # F() in one statement, because the rows are not locked here and other attempts may count at the same time.
    shared = [counter_key("account", account), *([counter_key("network", network)] if network else [])]
    SignInCounter.objects.filter(key__in=shared, failures__gt=0).update(failures=F("failures") - 1)
    SignInCounter.objects.filter(key=counter_key("pair", account, network)).delete()
    if network:
        until = timezone.now() + KNOWN_NETWORK_DURATION
        SignInCounter.objects.update_or_create(
            key=counter_key("known", account, network), defaults={"window_ends_at": until}
        )


def delete_old_counters() -> int:
    """Delete expired counters and known networks, and return their number."""
    return SignInCounter.objects.filter(window_ends_at__lt=timezone.now() - LEVEL_DURATION).delete()[0]


def _slow_wait(now: datetime, everyone: SignInCounter, pair: SignInCounter) -> int:
    """Return the seconds that an unknown network has to wait after unknown networks have reached their limit."""
    if pair.failures >= SLOW_ATTEMPTS:
        return _seconds(everyone.window_ends_at - now)
    return max(_seconds(everyone.last_tried_at + timedelta(seconds=SLOW_SECONDS) - now), 0)


def _is_known(now: datetime, account: str, network: str) -> bool:
    counters = SignInCounter.objects.filter(key=counter_key("known", account, network), window_ends_at__gt=now)
    return bool(network) and counters.exists()


def _lock_counter(now: datetime, kind: str, *names: str) -> SignInCounter:
    """Return the counter with its row locked. If its window is over, a new window begins."""
    window = timedelta(seconds=WINDOW_SECONDS)
    defaults = {"window_ends_at": now + window, "last_tried_at": now}
    counter, _ = SignInCounter.objects.select_for_update().get_or_create(
        key=counter_key(kind, *names), defaults=defaults
    )
    # A window that ends later than any can began before somebody set the clock back, so it is over.
    if now < counter.window_ends_at <= now + window * 2**MAX_LEVEL:
        return counter
    is_full = counter.failures >= settings.SIGN_IN_ATTEMPTS and kind != "account"
    is_recent = counter.window_ends_at > now - LEVEL_DURATION
    counter.level = min(counter.level + 1, MAX_LEVEL) if is_full and is_recent else 0
    counter.failures = 0
    counter.window_ends_at = now + window * 2**counter.level
    return counter


def counter_key(kind: str, *names: str) -> str:
    """Return the key of a counter: a digest that reveals neither the account nor the network."""
    return salted_hmac("sign-in", "\0".join((kind, *names)), algorithm="sha256").hexdigest()


def _seconds(wait: timedelta) -> int:
    return math.ceil(wait.total_seconds())
