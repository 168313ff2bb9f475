"""Digests: which users get which versions in one e-mail, at which time, and only once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core import mail
from django.utils import timezone

from releasehub.accounts.mail_frequency import MailFrequency
from releasehub.accounts.mail_queue import send_queued_mail
from releasehub.accounts.models import User
from releasehub.community.announcing import announce_versions
from releasehub.community.digest_mail import queue_digests
from releasehub.community.models import WatchNotice
from releasehub.community.notices import next_digest
from releasehub.community.services import watching
from releasehub.community.watch_mail import send_notices
from releasehub.core.actor import Actor
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_category, make_download, make_file, make_user, make_version, system

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture(autouse=True)
def mail_server(settings: Any, db: None) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    settings.PUBLIC_URL = "https://hub.example.org"
    announce_versions()  # the first run starts the cursor at the end of the stream


def make_reader(name: str = "reader", **fields: Any) -> User:
    return make_user(name, email=f"{name}@example.org", **{"version_mail": "daily"} | fields)


def watch(user: User, target: Any, frequency: MailFrequency | None = None) -> None:
    watching.watch(actor=Actor(user=user), target=target)
    watching.change_frequency(actor=Actor(user=user), target=target, frequency=frequency)


def run() -> list[Any]:
    """Announce versions, send single e-mails, let the time of all digests come, and return the sent e-mails."""
    before = len(mail.outbox)
    announce_versions()
    send_notices()
    queue_digests()
    assert not [message for message in mail.outbox[before:] if "digest" in message.body]
    WatchNotice.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
    queue_digests()
    queue_digests()
    send_queued_mail()
    return mail.outbox[before:]


@pytest.mark.parametrize(
    ("frequency", "after", "expected"),
    [
        (MailFrequency.DAILY, datetime(2026, 3, 4, 6, 59, tzinfo=UTC), datetime(2026, 3, 4, 8, tzinfo=BERLIN)),
        (MailFrequency.DAILY, datetime(2026, 3, 4, 7, tzinfo=UTC), datetime(2026, 3, 5, 8, tzinfo=BERLIN)),
        (MailFrequency.DAILY, datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 6, tzinfo=UTC)),
        (MailFrequency.WEEKLY, datetime(2026, 3, 4, 12, tzinfo=UTC), datetime(2026, 3, 9, 8, tzinfo=BERLIN)),
        (MailFrequency.WEEKLY, datetime(2026, 3, 9, 6, tzinfo=UTC), datetime(2026, 3, 9, 8, tzinfo=BERLIN)),
        (MailFrequency.WEEKLY, datetime(2026, 3, 9, 8, tzinfo=UTC), datetime(2026, 3, 16, 8, tzinfo=BERLIN)),
    ],
)
def test_digest_is_due_at_eight_in_the_zone_of_the_user(
    frequency: MailFrequency, after: datetime, expected: datetime
) -> None:
    assert next_digest(frequency, BERLIN, after) == expected


def test_digest_has_all_versions_once_and_can_be_stopped() -> None:
    reader, tool, kit = make_reader(), make_download(title="Tool"), make_download(title="kit")
    watch(reader, tool)
    watch(reader, kit)
    for number in ("1.0.0", "1.1.0"):
        make_version(tool, number, files=1)
    make_version(kit, "3.0.0", channel="beta", files=1)
    (message,) = run()
    assert (message.to, message.subject) == (["reader@example.org"], "3 new versions: kit, Tool")
    body = message.body
    assert body.index("3.0.0 in the channel beta") < body.index("Tool\n  1.1.0\n") < body.index("  1.0.0\n")
    assert f"https://hub.example.org{tool.path}1.1.0/" in body
    stop = message.extra_headers["List-Unsubscribe"].strip("<>")
    assert stop in body
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert run() == []


def test_choice_for_a_target_wins_over_that_of_the_user() -> None:
    category = make_category()
    tool, muted, other = (make_download(category=category, title=title) for title in ("Tool", "Muted", "Other"))
    reader = make_reader(version_mail="weekly")
    watch(reader, category)
    watch(reader, tool, MailFrequency.AT_ONCE)
    watch(reader, muted, MailFrequency.NONE)
    for download in (tool, muted, other):
        make_version(download, files=1)
    single, digest = run()
    assert "Tool" in single.subject
    assert digest.subject == "1 new version: Other"


def test_users_have_digests_of_their_own_in_their_language() -> None:
    download = make_download(title="Tool")
    for user in (make_reader("ann", language="de"), make_reader("ben"), make_reader("carl", version_mail="none")):
        watch(user, download)
    make_version(download, files=1)
    subjects = {message.to[0]: message.subject for message in run()}
    assert subjects == {"ann@example.org": "1 neue Version: Tool", "ben@example.org": "1 new version: Tool"}


def test_digest_leaves_out_what_is_no_longer_offered_or_wanted() -> None:
    reader, download, other = make_reader(), make_download(), make_download()
    watch(reader, download)
    watch(reader, other)
    version = make_version(download, files=1)
    make_version(other, files=1)
    announce_versions()
    move(Move.YANK, actor=system(), version=version)
    watching.change_frequency(actor=Actor(user=reader), target=other, frequency=MailFrequency.NONE)
    assert run() == []
    assert not WatchNotice.objects.filter(due_at__isnull=False).exists()


def test_version_without_a_file_waits_for_the_next_digest() -> None:
    download = make_download()
    watch(make_reader(), download)
    version = make_version(download)
    assert run() == []
    assert WatchNotice.objects.get().due_at > timezone.now()
    make_file(version)
    assert len(run()) == 1


def test_digest_stops_waiting_for_a_file() -> None:
    download = make_download()
    watch(make_reader(), download)
    make_version(download)
    announce_versions()
    WatchNotice.objects.update(created_at=timezone.now() - timedelta(days=15))
    assert run() == []
    assert WatchNotice.objects.get().due_at is None


def test_long_digest_is_shortened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasehub.community.digest_mail.MAX_VERSIONS_PER_DOWNLOAD", 1)
    monkeypatch.setattr("releasehub.community.digest_mail.MAX_DOWNLOADS", 1)
    reader, tool, zebra = make_reader(), make_download(title="Tool"), make_download(title="Zebra")
    for download in (tool, zebra):
        watch(reader, download)
    for download, number in ((tool, "1.0.0"), (tool, "1.1.0"), (zebra, "1.0.0")):
        make_version(download, number, files=1)
    (message,) = run()
    assert "And 1 more version." in message.body
    assert "And 1 more download." in message.body
    assert "1.0.0" not in message.body


def test_security_releases_are_marked_and_never_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasehub.community.digest_mail.MAX_VERSIONS_PER_DOWNLOAD", 1)
    reader, tool, zebra = make_reader(), make_download(title="Tool"), make_download(title="Zebra")
    for download in (tool, zebra):
        watch(reader, download)
    make_version(tool, "1.0.0", files=1)
    move(Move.MARK_SECURITY, actor=system(), version=make_version(zebra, "1.0.1", files=1))
    make_version(zebra, "1.1.0", files=1)
    (message,) = run()
    assert "Zebra\n  1.0.1\n  This is a security release.\n  https" in message.body
    assert message.body.count("This is a security release.") == 1
    assert message.body.index("Zebra") < message.body.index("Tool")
