"""Tests that an SQL template returns the same rows as its query set, for any values and with the installed Django."""

from __future__ import annotations

import re
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.query import ModelIterable
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.access import BY_FLAG, access_to, find_with_access, with_ties
from downloads.models import Download
from downloads.services import lock_download, set_team_member
from releasehub.core.actor import Actor
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate, _CompiledQuery
from releasehub.distribution.annotations import with_primary_file
from releasehub.distribution.listing import Columns, newest_versions, version_of_id
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_download, make_file, make_user, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db


def test_rows_equal_those_of_the_query_set_with_relations_and_annotations() -> None:
    download, actor = make_download(), Actor(user=make_user())
    from_template = find_with_access(actor, download.pk)
    built = with_ties(Download.all_objects.select_related("category").filter(pk=download.pk), actor.user_id or 0).get()
    assert from_template is not None
    assert {**vars(from_template), "_state": 0} == {**vars(built), "_state": 0}
    with CaptureQueriesContext(connection) as queries:
        assert from_template.category == built.category
    assert len(queries) == 0


def test_tuples_equal_those_of_the_query_set() -> None:
    version = make_file(make_version()).version
    built = with_primary_file(Version.all_objects.filter(pk=version.pk)).values_list(*Columns._fields).get()
    assert version_of_id(version.pk) == built


def test_list_continues_after_a_row() -> None:
    download = make_download()
    for number in ("1.0.0", "2.0.0", "3.0.0"):
        make_version(download, number)
    Version.objects.filter(number__in=("2.0.0", "3.0.0")).update(released_at=timezone.now())
    rows = newest_versions(download, 5, only_listed=True)
    assert [row.number for row in rows] == ["3.0.0", "2.0.0", "1.0.0"]
    for index, row in enumerate(rows):
        rest = newest_versions(download, 5, only_listed=True, after=(row.released_at, row.pk))
        assert rest == rows[index + 1 :]


class AttributeRecorder:
    """Pass attribute reads on to an object, and record their names."""

    def __init__(self, wrapped: Any, names: set[str]) -> None:
        self._wrapped, self._names = wrapped, names

    def __getattr__(self, name: str) -> Any:
        self._names.add(name)
        return getattr(self._wrapped, name)


def test_compiled_query_offers_every_attribute_that_django_reads() -> None:
    version = make_version()
    rows, names = Version.objects.select_related("download"), set[str]()
    recorder: Any = AttributeRecorder(rows, names)
    compiler: Any = AttributeRecorder(rows.query.get_compiler(rows.db), names)
    recorder.query = AttributeRecorder(SimpleNamespace(get_compiler=lambda using: compiler), names)
    assert list(ModelIterable(recorder)) == [version]
    assert names >= {"db", "get_compiler", "execute_sql", "results_iter", "select"}
    assert names <= set(dir(_CompiledQuery(compiler, [])))


def test_different_values_return_different_rows() -> None:
    found = [version_of_id(make_version(number=number).pk) for number in ("1.0.0", "2.0.0")]
    assert [version and version.number for version in found] == ["1.0.0", "2.0.0"]
    assert version_of_id(2**62) is None


def test_listed_only_query_skips_drafts() -> None:
    download = make_download()
    make_version(download, "1.0.0")
    move(Move.UNPUBLISH, actor=system(), version=make_version(download, "2.0.0"))
    for length, only_listed, numbers in ((5, True, ["1.0.0"]), (5, False, ["2.0.0", "1.0.0"]), (1, False, ["2.0.0"])):
        assert [row.number for row in newest_versions(download, length, only_listed=only_listed)] == numbers


def test_access_of_each_user_is_separate() -> None:
    download, member = make_download(), make_user()
    set_team_member(actor=system(), download=download, user=member, flags={"can_edit"})
    for user, flags in ((member, {"can_edit"}), (make_user(), set())):
        actor = Actor(user=user)
        assert find_with_access(actor, download.pk) == download
        assert access_to(actor, download.pk).flags == flags


@pytest.mark.django_db(transaction=True)
def test_each_thread_uses_its_own_connection() -> None:
    version = make_version()
    version_of_id(version.pk)
    found: list[int | None] = []

    def ask() -> None:
        row = version_of_id(version.pk)
        found.append(row and row.pk)
        connection.close()

    thread = Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [version.pk]


def test_an_anonymous_visitor_finds_a_download_without_any_access() -> None:
    download = make_download()
    found = find_with_access(Actor(), download.pk)
    assert found == download
    assert not any(getattr(found, column) for column in (*BY_FLAG, "shared", "stored"))


def test_subquery_selects_the_rows_of_its_values_inside_another_query() -> None:
    mine, other = make_download(), make_download()
    owned: SqlTemplate[Download] = SqlTemplate(
        lambda owner: Download.objects.filter(owner=owner).order_by().values("pk"), owner=SAMPLE_ID
    )
    for download in (mine, other):
        selected = Download.objects.filter(pk__in=owned.subquery(owner=download.owner_id))
        assert list(selected) == [download]
        assert list(Version.objects.filter(download__in=selected)) == list(download.versions.all())


def test_only_these_modules_use_templates() -> None:
    root = Path(__file__).resolve().parent.parent.parent
    sources = [path for app in ("downloads", "files", "releasehub", "versions") for path in (root / app).rglob("*.py")]
    users = {
        str(path.relative_to(root)) for path in sources if re.search(r"(= |return )SqlTemplate\(", path.read_text())
    }
    assert users == {
        "downloads/access.py",
        "downloads/querysets.py",
        "files/pictures/paths.py",
        "releasehub/api/common/loading.py",
        "releasehub/apikeys/verification.py",
        "releasehub/distribution/annotations.py",
        "releasehub/distribution/file_permalinks.py",
        "releasehub/distribution/git_releases.py",
        "releasehub/distribution/history.py",
        "releasehub/distribution/latest.py",
        "releasehub/distribution/listing.py",
        "releasehub/distribution/permalinks.py",
        "releasehub/distribution/repositories.py",
        "releasehub/distribution/suitable_files.py",
        "releasehub/pages/releases.py",
        "releasehub/webhooks/fanout.py",
        "versions/services/numbers.py",
    }


def test_sample_missing_from_the_query_raises() -> None:
    wrong: SqlTemplate[Download] = SqlTemplate(lambda pk: Download.objects.filter(pk__gt=0), pk=SAMPLE_ID)
    with pytest.raises(ValueError, match="do not occur in the query"):
        wrong.rows(pk=1)


@pytest.mark.django_db(transaction=True)
def test_locking_template_requires_a_transaction() -> None:
    download = make_download()
    with transaction.atomic():
        assert lock_download(download.pk) == download
    with pytest.raises(transaction.TransactionManagementError):
        lock_download(download.pk)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="Only PostgreSQL stores query plans.")
def test_postgresql_keeps_the_plan() -> None:
    version = make_version()
    for _ in range(4):
        version_of_id(version.pk)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%versions_version%'")
        assert cursor.fetchone()[0] > 0
