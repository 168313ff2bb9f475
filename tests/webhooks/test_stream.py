"""Tests that the event stream omits no event, even after a late commit, and shows only permitted events."""

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


def test_pages_have_no_gaps_or_repeats() -> None:
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
def test_event_that_commits_late_is_not_lost() -> None:
    slow, fast = make_download(), make_download()
    after = read_stream(system()).next_after
    has_written, may_commit = Signal(), Signal()

    def write_slowly() -> None:
        with transaction.atomic():
            update_download(actor=system(), download=slow, title="Slow")
            has_written.set()
            may_commit.wait(300)
        connection.close()

    thread = Thread(target=write_slowly)
    thread.start()
    assert has_written.wait(300)
    update_download(actor=system(), download=fast, title="Fast")
    first = read_stream(system(), after=after)
    may_commit.set()
    thread.join()
    second = read_stream(system(), after=first.next_after)
    assert [event.download_id for event in first.events] == [fast.pk]
    assert [event.download_id for event in second.events] == [slow.pk]
    assert second.events[0].pk < first.events[0].pk


def test_owners_and_team_managers_can_read_their_downloads() -> None:
    mine, other = make_download(), make_download()
    manager, editor = make_user(), make_user()
    set_team_member(actor=system(), download=mine, user=manager, flags={"can_manage_team"})
    set_team_member(actor=system(), download=mine, user=editor, flags={"can_edit"})
    for user, expected in ((mine.owner, {mine.pk}), (manager, {mine.pk}), (editor, set()), (make_user(), set())):
        assert {event.download_id for event in read_stream(Actor(user=user)).events} == expected
    assert {event.download_id for event in read_stream(system()).events} == {mine.pk, other.pk}
    assert read_stream(Actor()).events == []


def test_organization_administrators_can_read_its_downloads() -> None:
    organization, admin, member = make_organization(), make_user(), make_user()
    Membership.objects.create(organization=organization, user=admin, role=Membership.Role.ADMIN)
    Membership.objects.create(organization=organization, user=member)
    download = make_download(organization=organization)
    make_download()
    assert {event.download_id for event in read_stream(Actor(user=admin)).events} == {download.pk}
    assert read_stream(Actor(user=member)).events == []


def test_bound_key_can_only_read_its_downloads() -> None:
    owner = make_user(is_superuser=True, is_staff=True)
    one, _ = make_download(owner), make_download(owner)
    actor = Actor(user=owner, bound_download_ids=frozenset({one.pk}))
    assert {event.download_id for event in read_stream(actor).events} == {one.pk}


def test_deletion_of_a_download_can_be_read() -> None:
    download = make_download()
    delete_download(actor=system(), download=download)
    assert names(Actor(user=download.owner))[-1] == "download.deleted"
    restore_download(actor=system(), download=download)
    assert names(Actor(user=download.owner))[-1] == "download.restored"


def test_next_after_skips_filtered_events() -> None:
    version = make_version()
    make_version()
    last = read_stream(system(), limit=500).next_after
    page = read_stream(system(), types=["version.*"], download_id=version.download_id)
    assert [event.type for event in page.events] == ["version.created", "version.published"]
    assert page.next_after == last
    assert names(system(), types=["download.created"], download_id=version.download_id) == ["download.created"]


def test_numbering_twice_has_no_effect() -> None:
    make_version()
    assert number_events() > 0
    before = list(Event.objects.values_list("pk", "position"))
    assert number_events() == 0
    assert list(Event.objects.values_list("pk", "position")) == before


def test_api_returns_events_in_the_common_form() -> None:
    version = make_version()
    client = ApiClient(make_key(version.download.owner))
    answer = client.get("/api/events", {"type": "version.published", "limit": 1})
    check("/api/events", "get", answer)
    [event] = answer.json()["events"]
    assert (event["type"], event["data"]["version_id"]) == ("version.published", version.pk)
    assert client.get("/api/events", {"after": answer.json()["next_after"]}).json()["events"] == []


@pytest.mark.parametrize("query", [{"after": "-1"}, {"after": "x"}, {"limit": "501"}, {"limit": "0"}, {"type": "x.y"}])
def test_invalid_query_is_rejected(query: Any) -> None:
    assert ApiClient(make_key()).get("/api/events", query).status_code == 400


def test_stream_requires_a_key_with_its_scope() -> None:
    assert ApiClient().get("/api/events").status_code == 401
    assert ApiClient(make_key(scopes=[Scope.DOWNLOAD_READ])).get("/api/events").status_code == 403


@pytest.mark.parametrize("count", [1, 20])
def test_page_takes_a_constant_number_of_queries(count: int) -> None:
    download = make_download()
    for _ in range(count):
        make_version(download)
    number_events()
    with CaptureQueriesContext(connection) as queries:
        read_stream(Actor(user=download.owner))
    assert len(queries) <= 6
