"""Setting up an empty hub with the link that was printed on the terminal."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from downloads.models import Category
from releasehub.accounts.models import User
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
FORM = {"site_name": "Northwind", "username": "administrator", "password": "a-long-pass-1", "category": "Tools"}


@pytest.fixture(autouse=True)
def data_of_its_own(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path


def print_link() -> str:
    out = StringIO()
    call_command("set_up_link", stdout=out)
    return out.getvalue().strip().removeprefix("http://localhost:8000")


def test_link_makes_the_administrator_the_name_and_a_category_once() -> None:
    path, client = print_link(), Client()
    assert b"not set up yet" in client.get("/").content
    assert client.post(path, FORM | {"password": "short"}).status_code == 400
    assert client.post(path, FORM)["Location"] == "/account/downloads/"
    assert User.objects.get().is_superuser
    assert Category.objects.get().title == "Tools"
    assert client.get("/admin/").status_code == 200
    assert "<title>Northwind</title>" in Client().get("/").content.decode()
    assert AuditEntry.objects.filter(action=AuditAction.ONE_TIME_LINK_USE).count() == 1
    for visitor in (client, Client()):
        assert visitor.get(path).status_code == 404
        assert visitor.post(path, FORM | {"username": "eve"}).status_code == 404


def test_only_the_newest_link_of_a_hub_without_users_opens_the_page() -> None:
    first, second = print_link(), print_link()
    assert [Client().get(path).status_code for path in (first, second)] == [404, 200]
    make_user()
    assert Client().get(second).status_code == 404
    with pytest.raises(CommandError, match="has users already"):
        print_link()


def test_name_from_the_environment_is_not_asked_for(settings: Any) -> None:
    settings.SITE_NAME = "Northwind"
    assert b"site_name" not in Client().get(print_link()).content
