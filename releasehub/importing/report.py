"""Texts about a run, for the command and the pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.template.defaultfilters import filesizeformat

from releasehub.importing.models import ImportedFile, ImportedRelease, ImportRun

Choice = ImportedRelease.Decision
PROBLEMS = (Choice.CONFLICT, Choice.INVALID)


@dataclass(frozen=True)
class Totals:
    """The numbers of releases of the last list, by what was decided about them."""

    by_choice: dict[str, int]
    failed: int

    @property
    def to_create(self) -> int:
        return self.by_choice.get(Choice.CREATE, 0)

    @property
    def to_update(self) -> int:
        return self.by_choice.get(Choice.UPDATE, 0)

    @property
    def to_do_and_done(self) -> int:
        return self.to_create + self.to_update

    @property
    def present(self) -> int:
        return self.by_choice.get(Choice.PRESENT, 0)

    @property
    def problems(self) -> int:
        return self.failed + sum(self.by_choice.get(choice, 0) for choice in PROBLEMS)


def releases_of(run: ImportRun) -> QuerySet[ImportedRelease]:
    """Return the releases that the run has listed, the newest first, with their number of files and bytes."""
    new = Q(assets__is_listed=True, assets__decision=ImportedFile.Decision.CREATE)
    rows = ImportedRelease.objects.filter(last_run=run).select_related("version__download")
    return rows.annotate(
        file_count=Count("assets", filter=Q(assets__is_listed=True)),
        new_count=Count("assets", filter=new),
        new_bytes=Sum("assets__size_bytes", filter=new),
    ).order_by("position", "id")


def totals_of(run: ImportRun) -> Totals:
    rows = ImportedRelease.objects.filter(last_run=run).order_by()
    counts = rows.values_list("decision").annotate(count=Count("pk"))
    return Totals(dict(counts), rows.filter(outcome=ImportedRelease.Outcome.FAILED).count())


def plan_lines(run: ImportRun) -> Iterator[str]:
    """Yield a line about each release that the run has listed."""
    for row in releases_of(run).iterator(500):
        details = row.reason or _files_text(row)
        yield f"{row.get_decision_display()}: {row}" + (f" ({details})" if details else "")


def summary(run: ImportRun) -> str:
    """Return a sentence about what the run has done."""
    return (
        f"{run.listed_count} releases listed, {run.created_count} created, {run.updated_count} updated, "
        f"{run.failed_count} failed; {run.fetched_count} files with {filesizeformat(run.fetched_bytes)} fetched."
    )


def _files_text(row: ImportedRelease) -> str:
    count = row.new_count  # type: ignore[attr-defined]
    if row.decision not in {Choice.CREATE, Choice.UPDATE} or not count:
        return ""
    return f"{count} file{'s' if count > 1 else ''}, {filesizeformat(row.new_bytes or 0)}"  # type: ignore[attr-defined]
