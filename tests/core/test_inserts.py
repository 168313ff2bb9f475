"""Inserts into append-only tables store the same rows as `save`."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models.expressions import RawSQL
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from downloads.models import Download
from files.models import DownloadGrant
from releasehub.core.combined_writes import combined_writes, write
from releasehub.core.inserts import insert, insert_all, insert_few
from releasehub.core.models import new_public_id
from releasehub.webhooks.models import Event, Payload
from tests.factories import make_file, make_version
from tests.webhooks.conftest import announce
from versions.models import PublicNumber, Version

pytestmark = pytest.mark.django_db


def test_inserted_row_equals_a_saved_row() -> None:
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


@pytest.mark.skipif(connection.vendor != "postgresql", reason="Only PostgreSQL has synchronous_commit.")
@pytest.mark.django_db(transaction=True)
def test_only_inserts_outside_a_transaction_skip_waiting_for_the_disk() -> None:
    file, skipped = make_file(), []

    def record_sql(execute: Any, sql: str, *rest: Any) -> Any:
        skipped.append("synchronous_commit" in sql)
        return execute(sql, *rest)

    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit TO on")
    with connection.execute_wrapper(record_sql):
        insert(DownloadGrant(file=file, visitor="a"), wait_for_disk=False)
        with transaction.atomic():  # its other rows must be written to disk
            insert(DownloadGrant(file=file, visitor="b"), wait_for_disk=False)
        insert(DownloadGrant(file=file, visitor="c"))
    with connection.cursor() as cursor:
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
        cursor.execute("RESET synchronous_commit")
    assert skipped == [True, False, False]
    assert DownloadGrant.objects.count() == 3


def test_insert_few_sets_keys_and_computes_values_in_the_database() -> None:
    same: dict[str, Any] = {"type": "x", "object_type": "a", "data": {"é": None}}
    rows = [Event(object_id=number, sequence=RawSQL("%s + 1", (number,)), **same) for number in (4, 5)]
    insert_few(rows)
    assert list(Event.objects.order_by("object_id").values_list("pk", "sequence")) == [(rows[0].pk, 5), (rows[1].pk, 6)]
    assert Event.objects.values_list("data", flat=True)[0] == {"é": None}
    insert_few([Event(type="x", object_type="a", object_id=6, data=[])], wait_for_keys=False)
    assert Event.objects.count() == 3


def test_failed_part_of_combined_writes_undoes_the_transaction() -> None:
    event = announce()

    def send_three_writes() -> None:
        with transaction.atomic(), combined_writes():
            insert_all([Payload(event=event, format="v3", body="")])
            insert_all([Payload(event=event, format="v3", body="the same key")])
            insert_few([Event(type="x", object_type="a", object_id=6, data=[])], wait_for_keys=False)

    with pytest.raises(IntegrityError):
        send_three_writes()
    assert not Payload.objects.exists()
    assert Event.objects.get() == event


@pytest.mark.skipif(connection.vendor != "postgresql", reason="Other databases get each write at once.")
def test_combined_writes_store_the_same_rows_as_save(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    """Each kind of column occurs: text with all special characters, bytes, times, dates, JSON and null."""
    saved = make_version(changelog='"é\\\n\t☃', platforms=["a", 'b"'], end_of_support=timezone.now().date())
    key = Version.all_objects.order_by("pk").last().pk + 1000  # type: ignore[union-attr]
    with django_assert_num_queries(1), combined_writes():
        fields = {field.attname: getattr(saved, field.attname) for field in Version._meta.concrete_fields}
        copy = Version(**fields | {"id": key, "number": "9.9", "sort_key": b"\x00\xff9", "public_id": new_public_id()})
        insert(copy)
        write("UPDATE downloads_download SET view_count = view_count + %s WHERE id = %s", [7, saved.download_id])
        insert_all(
            [PublicNumber(download_id=saved.download_id, channel="x", sort_key=b"\x00\xff", number="8", version=saved)]
        )
    stored = [Version.all_objects.values().get(pk=pk) for pk in (saved.pk, key)]
    same = dict.fromkeys(("id", "number", "sort_key", "public_id", "updated_at"))
    assert stored[0] | same == stored[1] | same
    assert bytes(stored[1]["sort_key"]) == b"\x00\xff9"
    assert stored[1]["updated_at"] == copy.updated_at
    assert Download.objects.get(pk=saved.download_id).view_count == 7
    assert PublicNumber.objects.get(number="8").version == saved


@pytest.mark.skipif(connection.vendor != "postgresql", reason="Other databases get each write at once.")
def test_combined_writes_return_keys_as_soon_as_they_are_needed() -> None:
    event = announce()
    with pytest.raises(ValueError, match="combined_writes"):
        insert(Event(pk=1))
    with combined_writes():
        insert_all([Payload(event=event, format="v3", body="")], ignore_conflicts=True)
        rows = [Event(type="x", object_type="a", object_id=number, data=[]) for number in (6, 7)]
        insert_few(rows)
        assert Payload.objects.count() == 1
        assert [Event.objects.get(pk=row.pk).object_id for row in rows] == [6, 7]
    assert [row.format for row in Payload.objects.all()] == ["v3"]


def test_public_ids_are_random_and_have_the_form_of_a_cuid2() -> None:
    found = {new_public_id() for _ in range(100)}
    assert len(found) == 100
    assert all(re.fullmatch(r"[a-z][a-z0-9]{23}", public_id) for public_id in found)


def test_insert_all_keeps_existing_rows_when_conflicts_are_ignored() -> None:
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
