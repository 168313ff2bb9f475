"""Watches: who may watch what, and who gets which e-mail about a new version, once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.utils import timezone

from downloads.models import Download
from downloads.services import update_download
from releasehub.accounts.models import User
from releasehub.community import tasks, watch_mail
from releasehub.community.announcing import announce_versions
from releasehub.community.models import Watch, WatchNotice
from releasehub.community.services import watching
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, NotFound
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_category, make_download, make_file, make_user, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def mail_server(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    settings.PUBLIC_URL = "https://hub.example.org"
    announce_versions()  # the first run starts the cursor at the end of the stream


def make_reader(name: str = "reader") -> User:
    return make_user(name, email=f"{name}@example.org")


def watch(user: User, target: Any) -> Watch:
    return watching.watch(actor=Actor(user=user), target=target)


def run() -> list[Any]:
    """Run both tasks, and return the e-mails that they sent."""
    before = len(mail.outbox)
    tasks.notify_watchers()
    tasks.send_watch_notices()
    return mail.outbox[before:]


def recipients() -> list[str]:
    return sorted(message.to[0] for message in run())


def test_watcher_gets_one_email_about_a_version() -> None:
    download = make_download(title="Tool")
    watch(make_reader(), download)
    version = make_version(download, "1.0.0", files=1)
    (message,) = run()
    assert (message.to, message.subject) == (["reader@example.org"], "Tool 1.0.0 was published")
    assert f"https://hub.example.org{download.path}1.0.0/" in message.body
    stop = message.extra_headers["List-Unsubscribe"].strip("<>")
    assert stop in message.body
    assert "security" not in message.body
    move(Move.UNPUBLISH, actor=system(), version=version)
    move(Move.PUBLISH, actor=system(), version=version)
    assert run() == []


def test_email_names_a_security_release_and_a_later_mark_sends_no_second_one() -> None:
    download = make_download()
    watch(make_reader(), download)
    marked, later = (make_version(download, number, files=1) for number in ("1.0.0", "1.0.1"))
    move(Move.MARK_SECURITY, actor=system(), version=marked)
    assert [("security release" in message.body) for message in run()].count(True) == 1
    move(Move.MARK_SECURITY, actor=system(), version=later)
    assert run() == []


def test_watch_of_a_category_covers_the_categories_below_it() -> None:
    root = make_category("Root")
    download = make_download(category=make_category(parent=root), title="Tool")
    both, reader = make_reader("both"), make_reader()
    for user, target in ((both, root), (both, download), (reader, root), (make_reader("other"), make_category())):
        watch(user, target)
    make_version(download, files=1)
    messages = {message.to[0]: message.body for message in run()}
    assert sorted(messages) == ["both@example.org", "reader@example.org"]
    assert "because you watch Tool on" in messages["both@example.org"]
    assert "because you watch the category Root on" in messages["reader@example.org"]


def test_publisher_gets_no_email() -> None:
    owner = make_reader("owner")
    download = make_download(owner)
    watch(owner, download)
    version = make_version(download, state="draft", files=1)
    move(Move.PUBLISH, actor=Actor(user=owner), version=version)
    assert run() == []


def hide(download: Download, version: Version, user: User) -> None:
    update_download(actor=system(), download=download, visibility="private")


def yank(download: Download, version: Version, user: User) -> None:
    move(Move.YANK, actor=system(), version=version)


def deactivate(download: Download, version: Version, user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def stop(download: Download, version: Version, user: User) -> None:
    watching.unwatch(actor=Actor(user=user), target=download)


def unlist(download: Download, version: Version, user: User) -> None:
    move(Move.SET_VISIBILITY, actor=system(), version=version, visibility="unlisted")


@pytest.mark.parametrize("change", [hide, yank, deactivate, stop, unlist])
def test_email_is_not_sent_if_its_reason_has_gone(change: Any) -> None:
    download, user = make_download(), make_reader()
    watch(user, download)
    version = make_version(download, files=1)
    announce_versions()
    assert WatchNotice.objects.exists()
    change(download, version, user)
    assert run() == []
    assert not watch_mail.has_due_notices()


def test_email_is_not_sent_if_its_reason_goes_while_others_are_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server may be slow, and all e-mails of a run are due at its beginning."""
    download = make_download(title="Tool")
    for name in ("first", "second"):
        watch(make_reader(name), download)
    make_version(download, "1.0.0", files=1)
    message_of = watch_mail.message_of

    def hide(notice: WatchNotice) -> Any:
        Download.objects.filter(pk=download.pk).update(visibility=Download.Visibility.PRIVATE)
        return message_of(notice)

    monkeypatch.setattr(watch_mail, "message_of", hide)
    assert len(recipients()) == 1


def test_draft_is_no_news_and_neither_is_an_old_version() -> None:
    download = make_download()
    watch(make_reader(), download)
    draft = make_version(download, state="draft", files=1)
    assert run() == []
    Version.objects.filter(pk=draft.pk).update(published_at=timezone.now() - timedelta(days=3))
    move(Move.PUBLISH, actor=system(), version=draft)
    assert run() == []


def test_email_waits_for_the_first_file() -> None:
    download = make_download()
    watch(make_reader(), download)
    version = make_version(download)
    assert run() == []
    make_file(version)
    WatchNotice.objects.update(due_at=timezone.now())
    assert len(run()) == 1


def test_failed_email_is_sent_again(monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    download = make_download()
    watch(make_reader(), download)
    make_version(download, files=1)

    def fail(message: Any) -> None:
        raise OSError("The server refuses.")

    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", fail)
        assert run() == []
    assert "was not sent. Cause: OSError" in caplog.text
    assert run() == []  # it is claimed until the next attempt
    WatchNotice.objects.update(due_at=timezone.now())
    assert recipients() == ["reader@example.org"]


def test_email_is_not_queued_without_a_mail_server(settings: Any) -> None:
    settings.EMAIL_HOST = ""
    download = make_download()
    watch(make_reader(), download)
    make_version(download, files=1)
    announce_versions()
    settings.EMAIL_HOST = "mail.example.org"
    assert run() == []


def test_every_full_batch_of_events_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasehub.community.announcing.BATCH_EVENTS", 1)
    download = make_download()
    watch(make_reader(), download)
    for number in ("1.0.0", "2.0.0"):
        make_version(download, number, files=1)
    assert len(run()) == 2


def test_only_signed_in_users_watch_visible_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    user, hidden = make_reader(), make_download(visibility="private")
    with pytest.raises(NotFound):
        watch(user, hidden)
    with pytest.raises(Denied, match="Sign in"):
        watching.watch(actor=Actor(), target=make_download())
    first = make_download()
    assert watch(user, first) == watch(user, first)
    monkeypatch.setattr(watching, "MAX_WATCHES", 1)
    with pytest.raises(Conflict, match="Stop watching others first"):
        watch(user, make_category())


def test_watches_are_listed_while_their_target_is_visible() -> None:
    user = make_reader()
    download, category = make_download(), make_category()
    kept = {watch(user, download).target, watch(user, category).target}
    hidden = make_download()
    watch(user, hidden)
    update_download(actor=system(), download=hidden, visibility="private")
    assert {row.target for row in watching.watches_of(Actor(user=user))} == kept


def test_database_refuses_a_watch_without_a_target() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Watch.objects.create(user=make_user())
