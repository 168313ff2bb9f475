"""How often a password may be tried: counted in the cache, by account and by address, whatever door is used."""

from __future__ import annotations

from hashlib import sha256

from django.conf import settings

from releasehub.core.counting import count, forget, give_back

WINDOW_SECONDS = 15 * 60
# Many people may share one address, so it may fail more often than one account.
ADDRESS_FACTOR = 5


def begin_attempt(username: str, address: str | None) -> bool:
    """Count an attempt before the password is compared, so that parallel guesses count too. False: refuse it."""
    counts = [(count(key, WINDOW_SECONDS), limit) for key, limit in _limits(username, address)]
    return all(number <= limit for number, limit in counts)


def forget_attempts(username: str, address: str | None) -> None:
    """After success: the account starts afresh, the address gets this attempt back."""
    (account, _), *others = _limits(username, address)
    forget(account)
    for key, _ in others:
        give_back(key)


def _limits(username: str, address: str | None) -> list[tuple[str, int]]:
    limit = settings.SIGN_IN_ATTEMPTS
    account = sha256(username.casefold().encode("utf-8", "replace")).hexdigest()
    limits = [(f"sign-in:account:{account}", limit)]
    return [*limits, (f"sign-in:address:{address}", limit * ADDRESS_FACTOR)] if address else limits
