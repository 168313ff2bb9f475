"""Guessing passwords: stopped on every door, without locking the right person out for good."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import check_password
from django.core.cache import cache
from django.db import connection
from django.test import Client

from releasehub.accounts.throttle import begin_attempt
from tests.factories import make_user

pytestmark = pytest.mark.django_db
DOORS = ("/account/sign-in/", "/admin/login/")


@pytest.fixture
def tried() -> Iterator[list[str]]:
    """The passwords that were really compared."""
    passwords: list[str] = []

    def spy(password: str, encoded: str, *args: Any, **kwargs: Any) -> bool:
        passwords.append(password)
        return check_password(password, encoded, *args, **kwargs)

    with patch("django.contrib.auth.base_user.check_password", spy):
        yield passwords


def attempt(door: str, password: str, **extra: Any) -> Any:
    return Client().post(door, {"username": "ann", "password": password}, **extra)


def test_ten_guesses_over_all_doors_and_addresses(tried: list[str]) -> None:
    make_user("ann", is_staff=True)
    for number in range(100):
        headers = {"X-Forwarded-For": f"198.51.100.{number}"}
        answer = attempt(DOORS[number % 2], f"wrong{number}", headers=headers, REMOTE_ADDR=f"192.0.2.{number % 20}")
    assert len(tried) == 10
    assert b"Too many failed attempts" in answer.content


def test_one_address_does_not_try_account_after_account(tried: list[str]) -> None:
    for number in range(100):
        make_user(f"user-{number}")
        Client().post(DOORS[0], {"username": f"user-{number}", "password": "wrong"})
    assert len(tried) == 50


def test_right_password_waits_and_then_works(tried: list[str]) -> None:
    make_user("ann")
    for _ in range(10):
        attempt(DOORS[0], "wrong")
    answer = attempt(DOORS[0], "secret-pass-1", REMOTE_ADDR="192.0.2.99")
    assert (answer.status_code, answer["Retry-After"]) == (429, "900")
    cache.clear()  # as the end of the window does
    assert attempt(DOORS[0], "secret-pass-1").status_code == 302


def test_success_starts_afresh(tried: list[str]) -> None:
    make_user("ann")
    for _ in range(4):
        for _ in range(9):
            attempt(DOORS[0], "wrong")
        assert attempt(DOORS[0], "secret-pass-1").status_code == 302


def test_parallel_guesses_are_counted_before_they_are_compared() -> None:
    def guess(_: int) -> bool:
        try:
            return begin_attempt("ann", None)
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        assert sum(pool.map(guess, range(1000))) == 10


@pytest.mark.parametrize(("is_behind", "known"), [(False, "192.0.2.1"), (True, "198.51.100.2")])
def test_only_the_operators_proxy_names_the_address(settings: Any, rf: Any, is_behind: bool, known: str) -> None:
    from releasehub.core.requests import address_of

    settings.IS_BEHIND_PROXY = is_behind
    request = rf.get("/", headers={"X-Forwarded-For": "203.0.113.9, 198.51.100.2"}, REMOTE_ADDR="192.0.2.1")
    assert address_of(request) == known
