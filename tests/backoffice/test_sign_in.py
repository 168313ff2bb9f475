"""The sign-in page of the admin."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from unfold.forms import AuthenticationForm

from tests.factories import make_user

pytestmark = pytest.mark.django_db
NO_ACCESS = "has no access to the administration"
WAYS_OUT = ('href="/account/"', 'href="/"')


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_sign_in_fields_use_the_theme(client: Client) -> None:
    page = client.get("/admin/login/")
    assert isinstance(page.context["form"], AuthenticationForm)
    assert "border" in page.context["form"].fields["username"].widget.attrs["class"]
    assert NO_ACCESS not in text_of(page)


def test_user_without_staff_access_who_opens_the_admin_gets_an_explanation(client: Client) -> None:
    client.force_login(make_user("ann"))
    page = text_of(client.get("/admin/", follow=True))
    assert f"signed in as ann, but this account {NO_ACCESS}" in page
    assert all(link in page for link in WAYS_OUT)


def test_user_without_staff_access_who_signs_in_to_the_admin_gets_an_explanation(client: Client) -> None:
    make_user("ann")
    page = text_of(client.post("/admin/login/", {"username": "ann", "password": "secret-pass-1"}))
    assert f"The account ann {NO_ACCESS}" in page
    assert all(link in page for link in WAYS_OUT)


def test_wrong_password_does_not_reveal_the_account(client: Client) -> None:
    make_user("ann")
    pages = [client.post("/admin/login/", {"username": name, "password": "wrong"}) for name in ("ann", "nobody")]
    assert all(NO_ACCESS not in text_of(page) for page in pages)
    errors = [page.context["form"].non_field_errors() for page in pages]
    assert errors[0] == errors[1]
    assert errors[0]


def test_staff_sign_in(client: Client) -> None:
    make_user("sam", is_staff=True)
    answer = client.post("/admin/login/", {"username": "sam", "password": "secret-pass-1", "next": "/admin/"})
    assert answer.headers["Location"] == "/admin/"
    assert admin.site.has_permission(client.get("/admin/").wsgi_request)
