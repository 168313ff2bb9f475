"""The language and the time zone of an account: chosen on its page, used in e-mails and taken into each browser."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from releasehub.accounts.invitation_mail import message_of as message_about
from releasehub.accounts.models import Invitation, User
from releasehub.community.models import WatchNotice
from releasehub.community.services.watching import watch
from releasehub.community.watch_mail import message_of
from releasehub.core.actor import Actor
from releasehub.webhooks import notices
from releasehub.webhooks.models import Endpoint
from tests.factories import make_download, make_user, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
PAGE = "/account/language/"


@pytest.fixture
def reader() -> User:
    return make_user(language="de", time_zone="Europe/Berlin", email="reader@example.org")


def test_choice_is_stored_and_used_at_once(client: Client) -> None:
    user = make_user()
    client.force_login(user)
    answer = client.post(PAGE, {"language": "de", "time_zone": "Europe/Berlin"}, follow=True)
    assert "Ihre Auswahl wurde gespeichert." in answer.content.decode()
    user.refresh_from_db()
    assert (user.language, user.time_zone) == ("de", "Europe/Berlin")
    client.post(PAGE, {"language": "", "time_zone": ""})
    assert client.get(PAGE)["Content-Language"] == "en"


def test_unknown_language_or_zone_is_refused(client: Client) -> None:
    client.force_login(make_user())
    assert client.post(PAGE, {"language": "xx", "time_zone": "Nowhere/Land"}).status_code == 400


def test_sign_in_takes_the_choice_into_the_browser(client: Client) -> None:
    user = make_user(language="de", time_zone="Asia/Tokyo")
    user.set_password("correct horse battery")
    user.save()
    client.post("/account/sign-in/", {"username": user.username, "password": "correct horse battery"})
    assert client.cookies["releasehub_language"].value == "de"
    assert client.cookies["releasehub_zone"].value == "Asia/Tokyo"


def test_mail_about_a_version_is_in_the_language_of_the_user(reader: User) -> None:
    version = make_version(make_download(title="Tool"), "1.0.0")
    notice = WatchNotice(watch=watch(actor=Actor(user=reader), target=version.download), user=reader, version=version)
    message = message_of(notice)
    assert message.subject == "Tool 1.0.0 wurde veröffentlicht"
    assert "weil Sie Tool auf http" in str(message.body)


def test_mail_to_an_unknown_person_is_in_the_first_language_of_the_site(settings: Any) -> None:
    settings.SITE_LANGUAGES = ["de", "en"]
    invitation = Invitation(invited="new@example.org", expires_at=datetime(2100, 3, 1, tzinfo=UTC))
    message = message_about(invitation, "Tool", "upload", "token", "new@example.org")
    assert message.subject == "Einladung zu Tool"
    assert "1. März 2100 00:00 UTC" in str(message.body)


def test_mail_about_an_endpoint_translates_its_reason(reader: User) -> None:
    endpoint = Endpoint(url="https://example.org/hook", disabled_reason="No delivery succeeded for 5 days.")
    assert "Grund: Seit 5 Tagen war keine Zustellung erfolgreich." in str(notices.message_of(endpoint, reader).body)
