"""The admin has no pages of its own to sign in or to change the password, so that the rules of the account hold."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.test import Client

from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_visitor_is_sent_to_the_sign_in_page_and_back(client: Client) -> None:
    answer = client.get("/admin/login/?next=/admin/audit/")
    assert answer["Location"] == "/account/sign-in/?next=/admin/audit/"
    assert client.get("/admin/login/?next=https://example.com/")["Location"].endswith("?next=/admin/")
    assert client.post("/admin/login/", {"username": "ann", "password": "secret-pass-1"}).status_code == 302


def test_staff_sign_in(client: Client) -> None:
    make_user("sam", is_staff=True)
    form = {"username": "sam", "password": "secret-pass-1", "next": "/admin/"}
    assert client.post("/account/sign-in/", form)["Location"] == "/admin/"
    assert admin.site.has_permission(client.get("/admin/").wsgi_request)
    assert client.get("/admin/login/")["Location"] == "/admin/"


def test_user_without_staff_access_gets_an_explanation_and_a_way_out(client: Client) -> None:
    client.force_login(make_user("ann"))
    answer = client.get("/admin/", follow=True)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "signed in as ann, but this account has no access to the administration" in page
    assert all(link in page for link in ('href="/account/"', 'href="/"', 'action="/account/sign-out/"'))


def test_staff_change_their_password_on_the_page_of_the_account(client: Client) -> None:
    sam = make_user("sam", is_staff=True)
    client.force_login(sam)
    form = {"old_password": "secret-pass-1", "new_password1": "another-pass-1", "new_password2": "another-pass-1"}
    for answer in (client.get("/admin/password_change/"), client.post("/admin/password_change/", form)):
        assert answer["Location"] == "/account/password/"
    sam.refresh_from_db()
    assert sam.check_password("secret-pass-1")
