"""A SECRET_KEY that was replaced: what was signed with the earlier one stays valid while that is a fallback."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth import SESSION_KEY
from django.test import Client
from django.urls import reverse

from releasehub.accounts.models import User
from releasehub.apikeys.tokens import issue_token, verify_token
from releasehub.apikeys.verification import InactiveKey, UnknownKey
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def rotate(settings: Any) -> Callable[[], None]:
    def rotate() -> None:
        settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a new key " * 5

    return rotate


@pytest.mark.parametrize("generation", [0, 3])
def test_users_stay_signed_in(client: Client, rotate: Callable[[], None], settings: Any, generation: int) -> None:
    user = make_user(session_generation=generation)
    client.force_login(user)
    rotate()
    client.get(reverse("pages:front"))
    settings.SECRET_KEY_FALLBACKS = []  # the session has the new key by now
    client.get(reverse("pages:front"))
    assert client.session.get(SESSION_KEY) == str(user.pk)


def test_sessions_that_were_ended_stay_ended(client: Client, rotate: Callable[[], None]) -> None:
    user = make_user(session_generation=3)
    client.force_login(user)
    User.objects.filter(pk=user.pk).update(session_generation=4)
    rotate()
    client.get(reverse("pages:front"))
    assert SESSION_KEY not in client.session


def test_tokens_stay_valid(rotate: Callable[[], None], settings: Any) -> None:
    user = make_user(session_generation=3)
    token = issue_token(user)
    rotate()
    assert verify_token(token).user == user
    assert verify_token(issue_token(user)).user == user
    user.set_password("another password")
    user.save()
    with pytest.raises(InactiveKey):
        verify_token(token)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(UnknownKey):
        verify_token(token)
