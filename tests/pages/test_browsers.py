"""The list of signed-in browsers."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from releasehub.accounts.browsers import delete_expired_sessions, describe_browser
from releasehub.accounts.models import SignedInBrowser
from releasehub.apikeys.tokens import issue_token
from releasehub.audit.models import AuditEntry
from tests.factories import make_user
from tests.sessions import signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_browser_is_signed_out_from_another_one() -> None:
    ann = make_user("ann")
    here, other = signed_in(ann), signed_in(ann)
    row = SignedInBrowser.objects.get(session_id=other.session.session_key)
    assert signed_in(make_user()).post(f"/account/browsers/{row.pk}/end/").status_code == 404
    assert here.post(f"/account/browsers/{row.pk}/end/").status_code == 302
    assert other.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200


def test_all_other_browsers_are_signed_out_at_once() -> None:
    ann, stranger = make_user("ann"), signed_in(make_user())
    here, *others = [signed_in(ann) for _ in range(3)]
    here.post("/account/browsers/others/end/")
    assert [client.get("/account/").status_code for client in (here, stranger, *others)] == [200, 200, 302, 302]


def test_signing_out_everywhere_else_ends_the_tokens_of_the_api() -> None:
    ann = make_user("ann")
    here, tokens = signed_in(ann), [issue_token(user) for user in (ann, make_user())]
    assert here.post("/account/browsers/others/end/").status_code == 302
    headers = [{"Authorization": f"Bearer {token}"} for token in tokens]
    assert [Client().get("/v3/me", headers=header).status_code for header in headers] == [401, 200]
    assert here.get("/account/").status_code == 200
    assert AuditEntry.objects.latest("id").action == "sign_out"


def test_expired_sessions_are_deleted_with_their_addresses() -> None:
    ann = make_user("ann")
    signed_in(ann)
    old = signed_in(ann).session.session_key
    Session.objects.filter(pk=old).update(expire_date=timezone.now() - timedelta(days=1))
    assert delete_expired_sessions() == 1
    assert SignedInBrowser.objects.count() == 1


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit Chrome/140 Safari/537 Edg/140", "Edge, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19 Safari/604", "Safari, iOS"),
        ("curl/8.5", "curl/8.5"),
        ("", ""),
    ],
)
def test_browsers_are_named(user_agent: str, name: str) -> None:
    assert describe_browser(user_agent) == name
