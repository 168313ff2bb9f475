"""Lines that the command `import` prints about a run."""

from collections.abc import Iterator
from typing import Any

from django.template.defaultfilters import filesizeformat

from releasehub.importing.models import ImportedRelease, ImportRun
from releasehub.importing.report import releases_of

Choice = ImportedRelease.Decision


def release_lines(run: ImportRun) -> Iterator[str]:
    """Yield a line about each release that the run has listed."""
    for row in releases_of(run).iterator(500):
        yield release_line(row)


def release_line(row: Any) -> str:
    """Return a line about a release. `new_count` and `new_bytes` of the row are about the files to fetch."""
    details = row.reason or _files_text(row)
    return f"{_what_happened(row)}: {row}" + (f" ({details})" if details else "")


def summary(run: ImportRun) -> str:
    """Return a sentence about what the run has done."""
    if run.is_dry_run:
        return f"{run.listed_count} releases listed. Nothing was imported."
    return (
        f"{run.listed_count} releases listed, {run.created_count} created, {run.updated_count} updated, "
        f"{run.failed_count} failed. {run.fetched_count} files were added; {filesizeformat(run.fetched_bytes)} fetched."
    )


def _what_happened(row: ImportedRelease) -> str:
    if row.outcome == ImportedRelease.Outcome.FAILED:
        return "Failed"
    if row.is_imported:
        return "Created" if row.decision == Choice.CREATE else "Updated"
    return str(row.get_decision_display())


def _files_text(row: Any) -> str:
    if row.decision not in {Choice.CREATE, Choice.UPDATE} or not row.new_count:
        return ""
    return f"{row.new_count} file{'s' if row.new_count > 1 else ''}, {filesizeformat(row.new_bytes or 0)}"
