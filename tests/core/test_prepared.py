"""A prepared query gives what the same query gives when it is built anew, for whatever values."""

from __future__ import annotations

from threading import Thread
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from downloads.access import access_to, find_with_access
from downloads.models import Download
from downloads.services import lock_download, set_team_member
from files.models import DownloadGrant
from releasehub.core.actor import Actor
from releasehub.core.prepared import STAND_IN, Prepared, insert, insert_all
from releasehub.distribution.latest import with_primary_file
from releasehub.distribution.listing import newest_versions, version_of_id
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Payload
from tests.factories import make_download, make_file, make_user, make_version, system
from tests.webhooks.conftest import announce
from versions.models import Version

pytestmark = pytest.mark.django_db


def test_rows_are_the_same_with_relations_and_annotations() -> None:
    version = make_file(make_version()).version
    prepared = version_of_id(version.pk)
    built = with_primary_file(Version.all_objects.select_related("download__category").filter(pk=version.pk)).get()
    assert prepared is not None
    assert {**vars(prepared), "_state": 0} == {**vars(built), "_state": 0}
    with CaptureQueriesContext(connection) as queries:
        assert prepared.download.category == built.download.category
    assert len(queries) == 0


def test_other_values_give_other_rows() -> None:
    found = [version_of_id(make_version(number=number).pk) for number in ("1.0.0", "2.0.0")]
    assert [version and version.number for version in found] == ["1.0.0", "2.0.0"]
    assert version_of_id(2**62) is None


def test_lists_follow_the_rights() -> None:
    download = make_download()
    listed = make_version(download, "1.0.0")
    draft = move(Move.UNPUBLISH, actor=system(), version=make_version(download, "2.0.0"))
    assert newest_versions(download, 5, only_listed=True) == [listed]
    assert newest_versions(download, 5, only_listed=False) == [draft, listed]
    assert newest_versions(download, 1, only_listed=False) == [draft]


def test_ties_of_each_user_are_their_own() -> None:
    download, member = make_download(), make_user()
    set_team_member(actor=system(), download=download, user=member, flags={"can_edit"})
    for user, flags in ((member, {"can_edit"}), (make_user(), set())):
        actor = Actor(user=user)
        assert find_with_access(actor, download.pk) == download
        assert access_to(actor, download.pk).flags == flags


@pytest.mark.django_db(transaction=True)
def test_every_thread_asks_through_its_own_connection() -> None:
    version = make_version()
    version_of_id(version.pk)
    found: list[Version | None] = []

    def ask() -> None:
        found.append(version_of_id(version.pk))
        connection.close()

    thread = Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [version]


def test_a_value_that_is_not_in_the_query_is_a_mistake() -> None:
    wrong: Prepared[Download] = Prepared(lambda pk: Download.objects.filter(pk__gt=0), pk=STAND_IN)
    with pytest.raises(ValueError, match="Not in the query"):
        wrong.rows(pk=1)


def test_an_inserted_row_is_what_the_model_says() -> None:
    file = make_file()
    grants = [DownloadGrant(file=file, visitor="somebody", is_bot=True) for _ in range(2)]
    insert(grants[0])
    grants[1].save()
    stored = [DownloadGrant.objects.values().get(pk=grant.pk) for grant in grants]
    same = {"id": 0, "granted_at": None}
    assert stored[0] | same == stored[1] | same
    assert stored[0]["granted_at"] == grants[0].granted_at
    grants[0].visitor = "somebody else"
    grants[0].save()
    assert DownloadGrant.objects.count() == 2


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL waits for the disk by transaction")
@pytest.mark.django_db(transaction=True)
def test_who_does_not_wait_for_the_disk_leaves_others_waiting() -> None:
    file, asked = make_file(), []

    def listen(execute: Any, sql: str, *rest: Any) -> Any:
        asked.append("synchronous_commit" in sql)
        return execute(sql, *rest)

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
    with connection.execute_wrapper(listen):
        insert(DownloadGrant(file=file, visitor="a"), waits_for_disk=False)
        with transaction.atomic():  # whose other rows have to be on disk
            insert(DownloadGrant(file=file, visitor="b"), waits_for_disk=False)
        insert(DownloadGrant(file=file, visitor="c"))
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
        cursor.execute("RESET synchronous_commit")
    assert asked == [True, False, False]
    assert DownloadGrant.objects.count() == 3


def test_many_rows_go_in_at_once_and_known_ones_stay_as_they_are() -> None:
    insert_all([])
    event = announce()
    rows = [Payload(event=event, format=name, body='{"é": "\\n"}') for name in ("standard", "v3")]
    insert_all(rows)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_all(rows)
    more = [Payload(event=event, format=name, body="other") for name in ("v3", "mc_dm")]
    insert_all(more, ignore_conflicts=True)
    stored = dict(Payload.objects.values_list("format", "body"))
    assert stored == {"standard": '{"é": "\\n"}', "v3": '{"é": "\\n"}', "mc_dm": "other"}


@pytest.mark.django_db(transaction=True)
def test_a_lock_needs_a_transaction() -> None:
    download = make_download()
    with transaction.atomic():
        assert lock_download(download.pk) == download
    with pytest.raises(transaction.TransactionManagementError):
        lock_download(download.pk)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="plans are kept by PostgreSQL")
def test_plans_are_kept() -> None:
    version = make_version()
    for _ in range(4):
        version_of_id(version.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%versions_version%'")
        assert cursor.fetchone()[0] > 0
