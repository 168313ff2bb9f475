"""Numbers and rows of a run, for the command and the pages."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum

from releasehub.importing.models import ImportedFile, ImportedRelease, ImportRun
from versions.models import Version

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


def origin_of(version: Version) -> ImportedRelease | None:
    """Return the release of a source that became the version or was found equal to it, with the source."""
    rows = ImportedRelease.objects.filter(version=version).select_related("source__download")
    return rows.order_by("-id").first()
