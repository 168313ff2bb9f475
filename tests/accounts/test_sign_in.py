"""Tests that guessing passwords is limited on every interface, without locking out the user."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import check_password
from django.core.cache import cache
from django.db import connection
from django.db.models import F
from django.test import Client
from django.utils import timezone

from releasehub.accounts import throttle
from releasehub.accounts.limits import INVITATIONS_PER_ADDRESS, count_invitation_mail
from releasehub.accounts.models import SignInCounter
from releasehub.accounts.throttle import begin_attempt, delete_old_counters
from releasehub.core.requests import address_of
from tests.factories import make_user

pytestmark = pytest.mark.django_db
DOORS = ("/account/sign-in/", "/v3/accounts/login")


@pytest.fixture
def compared() -> Iterator[list[str]]:
    """Return the list of passwords that were actually compared."""
    passwords: list[str] = []

    def spy(password: str, encoded: str, *args: Any, **kwargs: Any) -> bool:
        passwords.append(password)
        return check_password(password, encoded, *args, **kwargs)

    with patch("django.contrib.auth.base_user.check_password", spy):
        yield passwords


def attempt(door: str, password: str, **extra: Any) -> Any:
    if door == DOORS[0]:
        return Client().post(door, {"username": "ann", "password": password}, **extra)
    form = {"email": "ann@example.org", "password": password}
    return Client().post(door, form, content_type="application/json", **extra)


def test_limit_is_shared_by_all_interfaces_and_networks(compared: list[str]) -> None:
    make_user("ann", email="ann@example.org")
    for number in range(24):
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        answer = attempt(DOORS[number % 2], f"wrong{number}", headers=headers, REMOTE_ADDR=f"192.0.2.{number % 20}")
    assert len(compared) == 10
    assert b"Too many failed attempts" in answer.content
    assert answer.status_code == 429


def test_sign_ins_of_one_network_to_many_accounts_are_limited(compared: list[str]) -> None:
    for number in range(52):
        make_user(f"user-{number}")
        Client().post(DOORS[0], {"username": f"user-{number}", "password": "wrong"})
    assert len(compared) == 50


@pytest.fixture
def still_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stop the clock of the limits, so that the seconds to wait are exact. `later` still moves the counters."""
    moment = timezone.now()
    monkeypatch.setattr(throttle, "timezone", SimpleNamespace(now=lambda: moment))


def later(**wait: int) -> None:
    """Move all counters into the past."""
    past = timedelta(**wait)
    SignInCounter.objects.update(window_ends_at=F("window_ends_at") - past, last_tried_at=F("last_tried_at") - past)


@pytest.mark.usefixtures("still_clock")
def test_network_can_try_again_after_its_window(compared: list[str]) -> None:
    make_user("ann")
    for _ in range(10):
        attempt(DOORS[0], "wrong")
    answer = attempt(DOORS[0], "secret-pass-1")
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    later(minutes=15)
    assert attempt(DOORS[0], "secret-pass-1").status_code == 302


@pytest.mark.usefixtures("still_clock")
def test_user_in_an_unknown_network_is_only_slowed_down(compared: list[str]) -> None:
    make_user("ann")
    for _ in range(20):
        attempt(DOORS[0], "wrong")
    answer = attempt(DOORS[0], "secret-pass-1", REMOTE_ADDR="192.0.2.99")
    assert (answer.status_code, answer["Retry-After"]) == (429, "30")
    later(seconds=30)
    attempt(DOORS[0], "wrong")  # the network that failed before is not allowed the next attempt
    assert attempt(DOORS[0], "secret-pass-1", REMOTE_ADDR="192.0.2.99").status_code == 302


def test_user_in_a_known_network_cannot_be_locked_out(compared: list[str]) -> None:
    make_user("ann")
    assert attempt(DOORS[0], "secret-pass-1", REMOTE_ADDR="192.0.2.99").status_code == 302
    for number in range(12):
        attempt(DOORS[0], "wrong", REMOTE_ADDR=f"198.51.100.{number}")
    assert len(compared) == 1 + 10
    assert attempt(DOORS[0], "secret-pass-1", REMOTE_ADDR="192.0.2.99").status_code == 302


@pytest.mark.usefixtures("still_clock")
def test_reaching_the_limit_doubles_the_next_window(compared: list[str]) -> None:
    waits = []
    for _ in range(3):
        for _ in range(10):
            begin_attempt("ann", "192.0.2.1")
        waits.append(begin_attempt("ann", "192.0.2.1"))
        later(seconds=waits[-1])
    assert waits == [900, 1800, 3600]


@pytest.mark.usefixtures("still_clock")
def test_limits_are_over_once_the_clock_was_set_back() -> None:
    """Nobody could sign in for as long as the clock was ahead."""
    for _ in range(10):
        begin_attempt("ann", "192.0.2.1")
    for _ in range(INVITATIONS_PER_ADDRESS):
        count_invitation_mail("ann@example.org")
    later(days=-1)
    assert begin_attempt("ann", "192.0.2.1") == 0
    count_invitation_mail("ann@example.org")


def test_clearing_the_cache_does_not_reset_the_counters(compared: list[str]) -> None:
    make_user("ann")
    for _ in range(12):
        attempt(DOORS[0], "wrong")
        cache.clear()
    assert len(compared) == 10


def test_ipv6_customer_is_one_network(compared: list[str]) -> None:
    make_user("ann")
    for number in range(12):
        attempt(DOORS[0], "wrong", REMOTE_ADDR=f"2001:db8::{number:x}")
    assert len(compared) == 10
    later(seconds=30)
    assert begin_attempt("ann", "2001:db8::ffff") > 0
    assert begin_attempt("ann", "2001:db8:0:1::1") == 0


def test_old_counters_are_deleted() -> None:
    begin_attempt("ann", "192.0.2.1")
    assert delete_old_counters() == 0
    later(days=2)
    assert delete_old_counters() == 3


def test_counters_store_neither_names_nor_addresses() -> None:
    begin_attempt("ann", "192.0.2.1")
    stored = str(list(SignInCounter.objects.values()))
    assert "ann" not in stored
    assert "192.0.2.1" not in stored


def test_successful_sign_in_resets_the_counters(compared: list[str]) -> None:
    make_user("ann")
    for _ in range(2):
        for _ in range(9):
            attempt(DOORS[0], "wrong")
        assert attempt(DOORS[0], "secret-pass-1").status_code == 302


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="In-memory SQLite has one writer and does not wait for locks."
)
@pytest.mark.django_db(transaction=True)
def test_concurrent_attempts_are_counted_before_passwords_are_compared() -> None:
    def guess(number: int) -> bool:
        try:
            return not begin_attempt("ann", f"192.0.2.{number % 5}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(guess, range(200))) == 10


@pytest.mark.parametrize(("is_behind", "known"), [(False, "192.0.2.1"), (True, "198.51.100.2")])
def test_forwarded_address_is_only_used_behind_a_proxy(settings: Any, rf: Any, is_behind: bool, known: str) -> None:
    settings.IS_BEHIND_PROXY = is_behind
    request = rf.get("/", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.2"}, REMOTE_ADDR="192.0.2.1")
    assert address_of(request) == known


@pytest.mark.parametrize(
    ("peer", "header", "known"),
    [
        ("10.0.0.1", "203.0.113.9, 198.51.100.2", "198.51.100.2"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.2, 10.0.0.7", "198.51.100.2"),
        ("10.0.0.1", "203.0.113.9, nonsense", "10.0.0.1"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
    ],
    ids=["proxy", "two proxies", "nonsense", "no header", "past the proxy"],
)
def test_forwarded_address_is_only_used_from_trusted_proxies(
    settings: Any, rf: Any, peer: str, header: str, known: str
) -> None:
    settings.IS_BEHIND_PROXY, settings.TRUSTED_PROXIES = True, ["10.0.0.0/24"]
    assert address_of(rf.get("/", headers={"X-Forwarded-For": header}, REMOTE_ADDR=peer)) == known
