"""Tests that owners are notified once when their endpoint is disabled, with retries if the mail server fails."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend

from releasehub.accounts.models import Membership
from releasehub.server.celery import app
from releasehub.webhooks import notices
from releasehub.webhooks.disabling import disable_gone
from releasehub.webhooks.endpoint_states import resume_endpoint
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.tasks import sweep
from tests.factories import make_download, make_organization, make_user, system
from tests.webhooks.conftest import make_endpoint

pytestmark = pytest.mark.django_db
URL = "http://127.0.0.1:8080/token-in-path"
Advance = Callable[[timedelta], None]


def made_by(user: Any, **fields: Any) -> Endpoint:
    endpoint = make_endpoint(URL, **fields)
    Endpoint.objects.filter(pk=endpoint.pk).update(created_by=user)
    endpoint.refresh_from_db()
    return endpoint


def recipients() -> list[str]:
    return sorted(address for message in mail.outbox for address in message.to)


def test_task_is_in_the_queue_for_external_servers() -> None:
    app.loader.import_default_modules()
    assert notices.SEND_TASK in app.tasks
    route = app.amqp.router.route({}, notices.SEND_TASK)
    assert route["queue"].name == "outbound"


def test_creator_and_owner_are_notified_after_the_commit(run_tasks: Any) -> None:
    owner, maker = make_user(email="owner@example.org"), make_user(email="maker@example.org", is_superuser=True)
    endpoint = made_by(maker, download_id=make_download(owner).pk, title="Mirror")
    with run_tasks():
        disable_gone(endpoint.pk)
        assert mail.outbox == []
    assert recipients() == ["maker@example.org", "owner@example.org"]
    text = str(mail.outbox[0].body)
    assert "“Mirror” at 127.0.0.1:8080" in text
    assert "410" in text
    assert endpoint.path in text
    assert "token-in-path" not in text


def test_notice_is_sent_once() -> None:
    endpoint = made_by(make_user(email="a@example.org", is_superuser=True))
    disable_gone(endpoint.pk)
    assert (notices.send_notices(), notices.send_notices()) == (1, 0)
    disable_gone(endpoint.pk)
    assert (notices.send_notices(), len(mail.outbox)) == (0, 1)


def test_users_without_permission_or_email_are_not_notified() -> None:
    former, nameless = make_user(email="former@example.org"), make_user(email="")
    endpoint = made_by(former, download_id=make_download(nameless).pk)
    disable_gone(endpoint.pk)
    assert (notices.send_notices(), mail.outbox) == (1, [])


def test_owners_of_an_organization_are_notified() -> None:
    boss, member = make_user(email="boss@example.org"), make_user(email="member@example.org")
    organization = make_organization(members=(boss, member))
    Membership.objects.filter(user=boss).update(role=Membership.Role.OWNER)
    endpoint, _ = create_endpoint(actor=system(), url=URL, organization=organization)
    disable_gone(endpoint.pk)
    notices.send_notices()
    assert recipients() == ["boss@example.org"]


def test_notice_is_retried_if_the_mail_server_fails(monkeypatch: pytest.MonkeyPatch, advance: Advance) -> None:
    endpoint = made_by(make_user(email="a@example.org", is_superuser=True))
    disable_gone(endpoint.pk)
    with monkeypatch.context() as broken:
        broken.setattr(EmailBackend, "send_messages", refused)
        assert notices.send_notices() == 0
    assert (notices.send_notices(), mail.outbox) == (0, [])
    advance(notices.RETRY_AFTER)
    assert notices.send_notices() == 1
    assert recipients() == ["a@example.org"]


def test_notice_is_given_up_after_two_days(monkeypatch: pytest.MonkeyPatch, advance: Advance) -> None:
    endpoint = made_by(make_user(email="a@example.org", is_superuser=True))
    disable_gone(endpoint.pk)
    monkeypatch.setattr(EmailBackend, "send_messages", refused)
    advance(notices.GIVE_UP_AFTER)
    notices.send_notices()
    assert not notices.has_due_notices()
    assert Endpoint.objects.get().notice_due_at is None


def refused(*_: Any) -> int:
    raise ConnectionRefusedError


def test_resumed_endpoint_needs_no_notice() -> None:
    endpoint = made_by(make_user(email="a@example.org", is_superuser=True))
    disable_gone(endpoint.pk)
    resume_endpoint(actor=system(), endpoint=endpoint)
    assert (notices.send_notices(), mail.outbox) == (0, [])


def test_sweep_finds_notices_of_lost_hints(monkeypatch: pytest.MonkeyPatch) -> None:
    hints: list[str] = []
    monkeypatch.setattr("releasehub.core.tasks.current_app.send_task", lambda name, **_: hints.append(name))
    disable_gone(made_by(make_user(is_superuser=True)).pk)
    sweep()
    assert hints == [notices.SEND_TASK]


def test_missing_mail_server_is_no_failure(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
    disable_gone(made_by(make_user(email="a@example.org", is_superuser=True)).pk)
    assert notices.send_notices() == 1
