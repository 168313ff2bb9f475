"""Names that no account and no organization can take, because URLs of the hub begin with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import get_resolver
from django.utils.regex_helper import normalize

from releasehub.accounts.models import Organization, User
from releasehub.accounts.reserved_names import FUTURE_NAMES, URL_NAMES
from releasehub.accounts.services import create_organization, update_organization
from releasehub.api.github.serializers import GHOST
from releasehub.core.errors import Invalid
from releasehub.server.middleware import HealthMiddleware
from tests.confirming import confirm_password
from tests.factories import make_key, make_organization, make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
OWNER_ROUTES = "releasehub.pages.web_address_urls"


def first_names() -> Iterator[str]:
    """Yield the constant first part of every route that has one, except the routes of owners."""
    waiting = [(entry, "") for entry in get_resolver().url_patterns]
    while waiting:
        entry, prefix = waiting.pop()
        if OWNER_ROUTES in str(getattr(entry, "urlconf_name", "")):
            continue
        for text, _ in normalize(entry.pattern.regex.pattern):
            first, slash, _ = (prefix + text).partition("/")
            if slash and "%" not in first:
                yield first
            elif hasattr(entry, "url_patterns"):
                waiting += [(inner, prefix + text) for inner in entry.url_patterns]
            elif first and "%" not in first:
                yield first


def test_every_first_part_of_a_url_is_reserved() -> None:
    found = set(first_names()) | {path.strip("/") for path in HealthMiddleware.views} | {settings.STATIC_URL.strip("/")}
    assert {"api", "v3", "versions", "admin", "d", "metrics", "static"} <= found
    assert found - URL_NAMES == set(), "Add these names to URL_NAMES in releasehub/accounts/reserved_names.py."


def test_names_are_written_as_they_are_compared() -> None:
    names = URL_NAMES | FUTURE_NAMES
    assert names == {name.casefold() for name in names}
    assert not URL_NAMES & FUTURE_NAMES


@pytest.mark.parametrize("name", ["downloads", "API", "login", GHOST.username])
def test_sign_up_refuses_a_reserved_name(client: Client, settings: Any, name: str) -> None:
    settings.SIGN_UP = "open"
    answer = client.post("/account/sign-up/", {"username": name, "password1": "a-long-pass-1"})
    assert "This username is reserved" in answer.content.decode()
    assert not User.objects.filter(username=name).exists()


@pytest.mark.parametrize("slug", ["downloads", "API", "docs"])
def test_organization_with_a_reserved_slug_is_refused(slug: str) -> None:
    with pytest.raises(Invalid, match=f"The slug {slug} is reserved") as caught:
        create_organization(actor=system(), name="Acme", slug=slug)
    assert caught.value.field == "slug"
    with pytest.raises(Invalid):
        update_organization(actor=system(), organization=make_organization(), slug=slug)


def test_organization_that_has_a_reserved_slug_already_keeps_it() -> None:
    old = Organization.objects.create(name="Search", slug="search")
    update_organization(actor=system(), organization=old, name="Search & Find", slug="search")
    old.refresh_from_db()
    assert (old.name, old.slug) == ("Search & Find", "search")


def test_api_refuses_a_reserved_slug_with_its_field(api: Any) -> None:
    answer = api(make_key(is_super_user=True)).send(
        "post", "/api/organizations", {"name": "Downloads", "slug": "downloads"}
    )
    assert answer.status_code == 400
    assert "The slug downloads is reserved" in answer.content.decode()


def test_admin_refuses_a_reserved_name_for_new_and_renamed_accounts(client: Client) -> None:
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    confirm_password(client, boss)
    password = {"password1": "a-long-pass-1", "password2": "a-long-pass-1", "usable_password": "true"}
    answer = client.post("/admin/accounts/user/add/", {"username": "Search", **password})
    assert "This name is reserved" in answer.content.decode()
    assert renamed(client, make_user("ann"), "search") == "ann"


def test_account_that_has_a_reserved_name_already_can_still_be_changed(client: Client) -> None:
    boss = make_user("boss", is_staff=True, is_superuser=True)
    client.force_login(boss)
    confirm_password(client, boss)
    assert renamed(client, make_user("search"), "search", first_name="Ann") == "search"
    assert User.objects.get(username="search").first_name == "Ann"


def renamed(client: Client, user: User, name: str, **fields: str) -> str:
    """Change an account in the admin, and return its name afterwards."""
    joined = user.date_joined
    fields |= {"username": name, "date_joined_0": f"{joined:%Y-%m-%d}", "date_joined_1": f"{joined:%H:%M:%S}"}
    fields |= {"is_active": "on", "version_mail": user.version_mail}
    client.post(f"/admin/accounts/user/{user.pk}/change/", fields)
    user.refresh_from_db()
    return user.username
