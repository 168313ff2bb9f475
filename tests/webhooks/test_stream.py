"""The stream of events: nothing is left out, whatever commits late, and nobody reads what is not theirs."""

from __future__ import annotations

from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from downloads.services import restore_download, set_team_member, update_download
from releasehub.accounts.models import Membership
from releasehub.apikeys.scopes import Scope
from releasehub.core.actor import Actor
from releasehub.publishing.deletion import delete_download
from releasehub.webhooks.models import Event
from releasehub.webhooks.stream import number_events, read_stream
from tests.api.described import check
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_organization, make_user, make_version, system

pytestmark = pytest.mark.django_db


def names(actor: Actor, **query: Any) -> list[str]:
    return [event.type for event in read_stream(actor, **query).events]


def test_pages_follow_each_other_without_gap_or_repeat() -> None:
    for _ in range(7):
        make_version()
    whole = [event.pk for event in read_stream(system(), limit=500).events]
    after, read, has_more = 0, [], True
    while has_more:
        page = read_stream(system(), after=after, limit=4)
        read += [event.pk for event in page.events]
        after, has_more = page.next_after, page.has_more
    assert read == whole
    assert read_stream(system(), after=after).events == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has one writer")
def test_what_commits_late_comes_later_and_is_not_lost() -> None:
    slow, fast = make_download(), make_download()
    after = read_stream(system()).next_after
    has_written, may_commit = Signal(), Signal()

    def write_slowly() -> None:
        with transaction.atomic():
            update_download(actor=system(), download=slow, title="Slow")
            has_written.set()
            may_commit.wait(20)
        connection.close()

    thread = Thread(target=write_slowly)
    thread.start()
    assert has_written.wait(20)
    update_download(actor=system(), download=fast, title="Fast")
    first = read_stream(system(), after=after)
    may_commit.set()
    thread.join()
    second = read_stream(system(), after=first.next_after)
    assert [event.download_id for event in first.events] == [fast.pk]
    assert [event.download_id for event in second.events] == [slow.pk]
    assert second.events[0].pk < first.events[0].pk


def test_owners_and_team_managers_read_their_downloads() -> None:
    mine, other = make_download(), make_download()
    manager, editor = make_user(), make_user()
    set_team_member(actor=system(), download=mine, user=manager, flags={"can_manage_team"})
    set_team_member(actor=system(), download=mine, user=editor, flags={"can_edit"})
    for user, expected in ((mine.owner, {mine.pk}), (manager, {mine.pk}), (editor, set()), (make_user(), set())):
        assert {event.download_id for event in read_stream(Actor(user=user)).events} == expected
    assert {event.download_id for event in read_stream(system()).events} == {mine.pk, other.pk}
    assert read_stream(Actor()).events == []


def test_administrators_of_an_organisation_read_its_downloads() -> None:
    organization, admin, member = make_organization(), make_user(), make_user()
    Membership.objects.create(organization=organization, user=admin, role=Membership.Role.ADMIN)
    Membership.objects.create(organization=organization, user=member)
    download = make_download(organization=organization)
    make_download()
    assert {event.download_id for event in read_stream(Actor(user=admin)).events} == {download.pk}
    assert read_stream(Actor(user=member)).events == []


def test_a_bound_key_reads_its_downloads_only() -> None:
    owner = make_user(is_superuser=True, is_staff=True)
    one, _ = make_download(owner), make_download(owner)
    actor = Actor(user=owner, bound_download_ids=frozenset({one.pk}))
    assert {event.download_id for event in read_stream(actor).events} == {one.pk}


def test_deletion_is_the_last_word_and_is_read() -> None:
    download = make_download()
    delete_download(actor=system(), download=download)
    assert names(Actor(user=download.owner))[-1] == "download.deleted"
    restore_download(actor=system(), download=download)
    assert names(Actor(user=download.owner))[-1] == "download.restored"


def test_filters_move_on_past_what_they_leave_out() -> None:
    version = make_version()
    make_version()
    last = read_stream(system(), limit=500).next_after
    page = read_stream(system(), types=["version.*"], download_id=version.download_id)
    assert [event.type for event in page.events] == ["version.created", "version.published"]
    assert page.next_after == last
    assert names(system(), types=["download.created"], download_id=version.download_id) == ["download.created"]


def test_numbering_again_changes_nothing() -> None:
    make_version()
    assert number_events() > 0
    before = list(Event.objects.values_list("pk", "position"))
    assert number_events() == 0
    assert list(Event.objects.values_list("pk", "position")) == before


def test_the_api_tells_them_in_the_common_form() -> None:
    version = make_version()
    client = ApiClient(make_key(version.download.owner))
    answer = client.get("/api/events", {"type": "version.published", "limit": 1})
    check("/api/events", "get", answer)
    [event] = answer.json()["events"]
    assert (event["type"], event["data"]["version_id"]) == ("version.published", version.pk)
    assert client.get("/api/events", {"after": answer.json()["next_after"]}).json()["events"] == []


@pytest.mark.parametrize("query", [{"after": "-1"}, {"after": "x"}, {"limit": "501"}, {"limit": "0"}, {"type": "x.y"}])
def test_what_cannot_be_read_is_refused(query: Any) -> None:
    assert ApiClient(make_key()).get("/api/events", query).status_code == 400


def test_it_needs_a_key_with_its_scope() -> None:
    assert ApiClient().get("/api/events").status_code == 401
    assert ApiClient(make_key(scopes=[Scope.DOWNLOAD_READ])).get("/api/events").status_code == 403


@pytest.mark.parametrize("count", [1, 20])
def test_a_page_takes_the_same_number_of_queries(count: int) -> None:
    download = make_download()
    for _ in range(count):
        make_version(download)
    number_events()
    with CaptureQueriesContext(connection) as queries:
        read_stream(Actor(user=download.owner))
    assert len(queries) <= 7  # two of them are the savepoint of the test
