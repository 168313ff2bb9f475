"""The password of the first start stays in a private file until an administrator has used or replaced it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client

from releasehub.accounts.first_password import first_password_file, store_first_password
from releasehub.accounts.models import User
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


@pytest.fixture
def stored(settings: Any, tmp_path: Path) -> Path:
    settings.DATA_DIR = str(tmp_path)
    make_user("administrator", is_superuser=True)
    make_user("ann")
    store_first_password("administrator", "secret-pass-0")
    store_first_password("administrator", "secret-pass-1")
    return first_password_file()


def test_only_the_user_of_the_hub_can_read_the_file(stored: Path) -> None:
    assert stored.read_text() == "User:     administrator\nPassword: secret-pass-1\n"
    assert stored.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("name", "stays"), [("administrator", False), ("ann", True)])
def test_the_file_is_deleted_when_an_administrator_signs_in(stored: Path, name: str, stays: bool) -> None:
    Client().post("/account/sign-in/", {"username": name, "password": "wrong"})
    assert stored.exists()
    answer = Client().post("/account/sign-in/", {"username": name, "password": "secret-pass-1"})
    assert (answer.status_code, stored.exists()) == (302, stays)


def test_the_file_is_deleted_with_a_new_password(stored: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getpass", lambda **options: "another-secret-7")
    call_command("changepassword", "administrator")
    assert User.objects.get(username="administrator").check_password("another-secret-7")
    assert not stored.exists()
