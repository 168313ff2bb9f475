"""How often a password may be tried: counted in the database, whatever door, process or dialect is used.

Three counters hold at once, each for `WINDOW_SECONDS`:

- a network may fail for one account as often as `SIGN_IN_ATTEMPTS` says,
- a network may fail `ADDRESS_FACTOR` times as often over all accounts,
- all networks that never signed in to the account share `SIGN_IN_ATTEMPTS`. After that they are slowed down, not locked
  out: one attempt every `SLOW_SECONDS`, and only for networks that have hardly failed yet.

A network from which the account signed in lately does not share the third counter, so somebody who knows a user's name
cannot lock that user out. A network that fills its window waits twice as long after each one.
"""

from __future__ import annotations

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
# Many people may share one network, so it may fail more often than one account.
ADDRESS_FACTOR = 5
SLOW_SECONDS = 30
SLOW_ATTEMPTS = 3
MAX_LEVEL = 6
KNOWN_FOR = timedelta(days=90)
REMEMBER_LEVEL = timedelta(days=1)


@transaction.atomic
def begin_attempt(username: str, address: str | None) -> int:
    """Count an attempt before the password is compared, so that parallel guesses count too.

    Returns the seconds to wait when it is refused, and 0 when the password may be compared. A refused attempt is not
    counted. Rows are always locked in the same order: network, network and account, account.
    """
    now, limit = timezone.now(), settings.SIGN_IN_ATTEMPTS
    network = network_of(address)
    account = username.casefold()
    counters = []
    if network:
        counters.append(_locked(now, "network", network))
        if counters[0].failures >= limit * ADDRESS_FACTOR:
            return _seconds(counters[0].window_ends_at - now)
    pair = _locked(now, "pair", account, network)
    counters.append(pair)
    if pair.failures >= limit:
        return _seconds(pair.window_ends_at - now)
    if not _is_known(now, account, network):
        everyone = _locked(now, "account", account)
        counters.append(everyone)
        if everyone.failures >= limit and (wait := _slow_wait(now, everyone, pair)):
            return wait
    for counter in counters:
        counter.failures += 1
        counter.last_tried_at = now
        counter.save(update_fields=["failures", "level", "window_ends_at", "last_tried_at"])
    return 0


@transaction.atomic
def forget_attempts(username: str, address: str | None) -> None:
    """After success: the network is known to the account and starts afresh; shared counters get this attempt back."""
    network, account = network_of(address), username.casefold()
    shared = [_key("account", account), *([_key("network", network)] if network else [])]
    SignInCounter.objects.filter(key__in=shared, failures__gt=0).update(failures=F("failures") - 1)
    SignInCounter.objects.filter(key=_key("pair", account, network)).delete()
    if network:
        until = timezone.now() + KNOWN_FOR
        SignInCounter.objects.update_or_create(key=_key("known", account, network), defaults={"window_ends_at": until})


def forget_old_counters() -> int:
    """Remove counters that limit nothing any more, and networks that have not signed in for long; return how many."""
    return SignInCounter.objects.filter(window_ends_at__lt=timezone.now() - REMEMBER_LEVEL).delete()[0]


def _slow_wait(now: datetime, everyone: SignInCounter, pair: SignInCounter) -> int:
    if pair.failures >= SLOW_ATTEMPTS:
        return _seconds(everyone.window_ends_at - now)
    return max(_seconds(everyone.last_tried_at + timedelta(seconds=SLOW_SECONDS) - now), 0)


def _is_known(now: datetime, account: str, network: str) -> bool:
    known = SignInCounter.objects.filter(key=_key("known", account, network), window_ends_at__gt=now)
    return bool(network) and known.exists()


def _locked(now: datetime, kind: str, *names: str) -> SignInCounter:
    """Return the counter, locked, in a window that has not ended."""
    window = timedelta(seconds=WINDOW_SECONDS)
    defaults = {"window_ends_at": now + window, "last_tried_at": now}
    counter, _ = SignInCounter.objects.select_for_update().get_or_create(key=_key(kind, *names), defaults=defaults)
    if counter.window_ends_at > now:
        return counter
    is_full = counter.failures >= settings.SIGN_IN_ATTEMPTS and kind != "account"
    is_recent = counter.window_ends_at > now - REMEMBER_LEVEL
    counter.level = min(counter.level + 1, MAX_LEVEL) if is_full and is_recent else 0
    counter.failures = 0
    counter.window_ends_at = now + window * 2**counter.level
    return counter


def _key(kind: str, *names: str) -> str:
    """Names and networks are stored as a digest that only this hub can compute."""
    return salted_hmac("sign-in", "\0".join((kind, *names)), algorithm="sha256").hexdigest()


def _seconds(wait: timedelta) -> int:
    return math.ceil(wait.total_seconds())
