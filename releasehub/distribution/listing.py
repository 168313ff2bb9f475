"""The two most frequent queries: list the versions of a download, newest first, and load one version."""

from __future__ import annotations

from functools import lru_cache

from downloads.models import Download
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate
from releasehub.distribution.latest import with_primary_file
from versions.models import Version
from versions.querysets import VersionQuerySet

LISTED_FIELDS = (
    "download", "number", "version_int", "title", "release_notes", "changelog", "released_at", "state", "file_count",
    "download_count",
)  # fmt: skip


def newest_versions(download: Download, length: int, *, only_listed: bool) -> list[Version]:
    """Return the first versions of the list with `LISTED_FIELDS` and `primary_file_id`.

    A team's list also contains versions that outsiders cannot see.
    """
    versions = _newest(length, only_listed).rows(download=download.pk)
    for version in versions:
        version.download = download
    return versions


def version_of_id(pk: int) -> Version | None:
    """Return the version in any state, with its download, category and `primary_file_id`."""
    return _of_id.first(pk=pk)


@lru_cache(maxsize=200)
def _newest(length: int, only_listed: bool) -> SqlTemplate[Version]:
    """Return the SQL template of a list. The limit is part of the SQL text, so each length has its own template."""

    def build(download: int) -> VersionQuerySet:
        rows = Version.objects.filter(download=download)
        rows = rows.listed() if only_listed else rows.alive()
        return with_primary_file(rows).only(*LISTED_FIELDS).order_by("-released_at", "-id")[:length]

    return SqlTemplate(build, download=SAMPLE_ID)


_of_id: SqlTemplate[Version] = SqlTemplate(
    lambda pk: with_primary_file(Version.all_objects.select_related("download__category").filter(pk=pk)).order_by(),
    pk=SAMPLE_ID,
)
