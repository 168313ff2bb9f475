"""The two most frequent queries: list the versions of a download, newest first, and load one version.

Both return rows without a model. Making 21 instances took as long as the query, and nothing but serializers reads them.
"""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple

from django.db.models import Q

from downloads.models import Download
from releasehub.core.sql_templates import OTHER_SAMPLE_ID, SAMPLE_ID, SqlTemplate
from releasehub.distribution.annotations import with_primary_file
from versions.facts import VersionFacts
from versions.models import Version

SAMPLE_TIME = datetime(9999, 12, 31, tzinfo=UTC)


class Columns(NamedTuple):
    """The columns of a row, named like the fields of `Version`, and the stored counts of its download.

    Lists leave out the last ones: a time takes 2 µs for each row.
    """

    id: int
    download_id: int
    number: str
    version_int: int
    title: str
    release_notes: str
    changelog: str
    released_at: datetime
    state: str
    file_count: int
    download_count: int
    primary_file_id: int | None
    channel: str
    visibility: str
    download__version_count: int
    download__listed_version_count: int
    updated_at: datetime | None = None
    deleted_at: datetime | None = None


LISTED_COLUMNS = Columns._fields[:-2]


class ListedVersion(VersionFacts, Columns):
    """A version as a list shows it. The reader sets its download."""

    download: Download

    @property
    def pk(self) -> int:
        return self.id


def newest_versions(
    download: Download, length: int, *, only_listed: bool, after: tuple[datetime, int] | None = None
) -> list[ListedVersion]:
    """Return the next rows of the list: the first ones, or those after a date of release and an id.

    A team's list also contains versions that outsiders cannot see.
    """
    released_at, pk = after or (None, None)
    values = {"download": download.pk} | ({"released_at": released_at, "pk": pk} if after else {})
    rows = [ListedVersion(*row) for row in _newest(length, only_listed, after is not None).tuples(**values)]
    for row in rows:
        row.download = download
    return rows


def version_of_id(pk: int) -> ListedVersion | None:
    """Return the version in any state."""
    return next((ListedVersion(*row) for row in _of_id.tuples(pk=pk)), None)


def total_of(row: ListedVersion, *, only_listed: bool) -> int:
    """Return how many rows the whole list has, as it was when this row was read."""
    return row.download__listed_version_count if only_listed else row.download__version_count


@lru_cache(maxsize=200)
def _newest(length: int, only_listed: bool, is_continued: bool) -> SqlTemplate[Version]:
    """Return the SQL template of a list. The limit is part of the SQL text, so each length has its own template."""

    def build(download: int, released_at: datetime | None = None, pk: int | None = None) -> Any:
        rows = Version.objects.filter(download=download)
        rows = rows.listed() if only_listed else rows.alive()
        if is_continued:
            # The first condition is implied by the second, but only the first one lets the database use its index.
            rows = rows.filter(Q(released_at__lte=released_at), Q(released_at__lt=released_at) | Q(pk__lt=pk))
        rows = with_primary_file(rows).order_by("-released_at", "-id")
        return rows.values_list(*LISTED_COLUMNS)[:length]

    samples: dict[str, Any] = {"released_at": SAMPLE_TIME, "pk": OTHER_SAMPLE_ID} if is_continued else {}
    return SqlTemplate(build, download=SAMPLE_ID, **samples)


def _one(pk: int) -> Any:
    return with_primary_file(Version.all_objects.filter(pk=pk)).order_by().values_list(*Columns._fields)


_of_id: SqlTemplate[Version] = SqlTemplate(_one, pk=SAMPLE_ID)
