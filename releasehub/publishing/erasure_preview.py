"""The preview of a permanent deletion or a purge, computed with the queries of the deletion itself."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.template.defaultfilters import filesizeformat

from downloads.holds import not_held
from downloads.models import Download
from files.models import File
from releasehub.core.ids import as_subquery
from releasehub.publishing.erasing import Erasure, erasure_of
from releasehub.publishing.purge import purges
from versions.models import Version

MAX_NAMES = 10
RELEASE_PATHS: dict[Any, str] = {Download: "", Version: "download", File: "version__download"}
SINGULARS = {"watches": "watch"}


@dataclass(frozen=True)
class ErasurePreview:
    """The rows, bytes and links that a deletion takes along.

    Attributes:
        counts: The number of rows by their name in the plural. Rows that go along with others are included.
        names: The first rows that were chosen, by the name of their kind.
        held: The first rows that stay because of a legal hold.
        held_count: The number of all rows that stay because of a legal hold.
        freed_bytes: The bytes that leave the storage, because no other file has them.
        dead_links: The permanent links that answer 410 already.
        is_off: Whether the purge is turned off, so that rows are stored without a time limit.
    """

    counts: dict[str, int] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    held: list[str] = field(default_factory=list)
    held_count: int = 0
    freed_bytes: int = 0
    working_links: int = 0
    dead_links: int = 0
    is_off: bool = False
    verb: str = "Permanently deletes"

    @property
    def is_empty(self) -> bool:
        return not any(self.counts.values())

    def lines(self) -> list[str]:
        if self.is_off:
            return ["Deleted rows are never purged, so nothing is deleted permanently."]
        if self.is_empty:
            return ["Nothing is deleted permanently.", *self._held_lines()]
        counts = ", ".join(counted(name, number) for name, number in self.counts.items() if number)
        return [f"{self.verb} {counts}.", *self._byte_lines(), *self._link_lines(), *self._held_lines()]

    def _byte_lines(self) -> Iterator[str]:
        if self.counts.get("files") or self.freed_bytes:
            yield f"{_size(self.freed_bytes)} leave the storage. Bytes that other files share stay."

    def _link_lines(self) -> Iterator[str]:
        if self.working_links:
            yield f"{counted('permanent links', self.working_links)} will answer 410 (Gone)."
        if self.dead_links:
            yield f"{counted('permanent links', self.dead_links)} already answer 410 (Gone) and cannot come back."

    def _held_lines(self) -> Iterator[str]:
        if self.held_count:
            names = _list(self.held, self.held_count)
            yield f"Kept because of a legal hold: {names}."

    def name_lines(self) -> list[str]:
        """Return the first rows of each kind."""
        return [f"{kind}: {_list(names, self.counts.get(kind, 0))}" for kind, names in self.names.items() if names]


def counted(plural: str, number: int) -> str:
    name = plural if number != 1 else SINGULARS.get(plural, plural.removesuffix("s"))
    return f"{number:,} {name}"


def preview_rows(rows: QuerySet[Any]) -> ErasurePreview:
    """Return what the hard deletion of the rows erases. Rows of a download under a legal hold are left out."""
    path = RELEASE_PATHS.get(rows.model, "download")
    kind = str(rows.model._meta.verbose_name_plural)
    going, held = rows.filter(not_held(path)), rows.exclude(not_held(path))
    names = {kind: _names(going)}
    if rows.model not in RELEASE_PATHS:
        return ErasurePreview({kind: going.count()}, names, _names(held), held.count())
    return _measured(erasure_of(going), names, _names(held), held.count(), {})


def preview_ids(version_ids: list[int]) -> ErasurePreview:
    """Return what goes with the versions of these primary keys if they are deleted softly and purged later."""
    rows = (
        Version.all_objects.filter(pk__in=as_subquery(version_ids))
        .select_related("download")
        .order_by("download", "sort_key")
    )
    return replace(preview_rows(rows), verb="Deletes")


def preview_purge(older_than: timedelta | None = None) -> ErasurePreview:
    """Return what `purge_deleted` erases with the same period."""
    due = {purge.name: purge.due(older_than) for purge in purges()}
    held = [rows for purge in purges() if (rows := purge.held(older_than)) is not None]
    known = {name: rows for name, rows in due.items() if rows is not None}
    releases = {name: known[name] for name in ("downloads", "versions", "files") if name in known}
    others = {name: rows.count() for name, rows in known.items() if name not in releases}
    names = {name: _names(rows) for name, rows in known.items()}
    held_names = [name for rows in held for name in _names(rows)][:MAX_NAMES]
    preview = _measured(Erasure(**releases), names, held_names, sum(rows.count() for rows in held), others)
    return preview if known else ErasurePreview(is_off=True)


def _measured(
    erasure: Erasure, names: dict[str, list[str]], held: list[str], held_count: int, others: dict[str, int]
) -> ErasurePreview:
    counts = {
        "downloads": erasure.downloads.count(),
        "versions": erasure.all_versions.count(),
        "files": erasure.all_files.count(),
        "webhook endpoints": erasure.endpoints.count(),
    }
    for name, number in [*erasure.parts().items(), *others.items()]:
        counts[name] = counts.get(name, 0) + number
    return ErasurePreview(
        counts, names, held, held_count, erasure.freed_bytes(), erasure.working_links(), erasure.dead_links()
    )


def _names(rows: QuerySet[Any]) -> list[str]:
    return [str(row) for row in rows[:MAX_NAMES]]


def _list(names: list[str], total: int) -> str:
    more = total - len(names)
    return ", ".join(names) + (f" and {more:,} more" if more > 0 else "")


def _size(size_bytes: int) -> str:
    return filesizeformat(size_bytes).replace("\xa0", " ")
