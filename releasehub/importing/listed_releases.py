"""Decide about listed releases, and store the decisions."""

from collections.abc import Sequence

from django.db import transaction

from downloads.rules import CategoryRules, rules_of
from releasehub.importing.contents import DownloadContents, has_prefix, platforms_of
from releasehub.importing.decisions import Decision, decide
from releasehub.importing.intake import printable, stored_name
from releasehub.importing.listed_texts import file_texts, release_texts
from releasehub.importing.models import MAX_REASON_CHARACTERS, ImportedFile, ImportedRelease, ImportRun
from releasehub.importing.sources.base import SourceRelease

NumberPlace = tuple[str, str, frozenset[str]]  # the number, the channel and the platforms of a release
PENDING_CHOICES = (ImportedRelease.Decision.CREATE, ImportedRelease.Decision.UPDATE)


@transaction.atomic
def store_batch(run: ImportRun, batch: Sequence[SourceRelease], position: int, numbers: set[NumberPlace]) -> None:
    source = run.source
    rows = ImportedRelease.objects.filter(source=source, key__in=[release.key for release in batch])
    known = {row.key: row for row in rows}
    contents = DownloadContents(source.download, batch, [row.version_id for row in known.values() if row.version_id])
    rules = rules_of(source.download.category)
    for offset, release in enumerate(batch):
        row = known.get(release.key) or ImportedRelease(key=release.key)
        row.source, row.last_run, row.position = source, run, position + offset
        decision = decide_into(release, row, contents, rules, numbers)
        row.save()
        _store_files(row, release, decision)


def decide_into(
    release: SourceRelease,
    row: ImportedRelease,
    contents: DownloadContents,
    rules: CategoryRules,
    numbers: set[NumberPlace],
) -> Decision:
    """Write the texts of the release and the decision about it into the row."""
    for name, value in release_texts(release).items():
        setattr(row, name, value)
    decision = _unlike_earlier(decide(release, row, contents, rules), release, row, numbers)
    _apply(row, decision)
    return decision


def _unlike_earlier(
    decision: Decision, release: SourceRelease, row: ImportedRelease, numbers: set[NumberPlace]
) -> Decision:
    """Refuse to create two versions with one number, where the tags differ only in a v."""
    if decision.choice != ImportedRelease.Decision.CREATE or has_prefix(row.tag):
        return decision
    place = (row.number, release.channel.lower(), platforms_of(release))
    if place in numbers:
        reason = f"A newer release of the source has the number {row.number} as well."
        return Decision(ImportedRelease.Decision.CONFLICT, reason)
    numbers.add(place)
    return decision


def _apply(row: ImportedRelease, decision: Decision) -> None:
    row.decision, row.reason = decision.choice, printable(decision.reason)[:MAX_REASON_CHARACTERS]
    row.version = decision.version if decision.version is not None else row.version
    if decision.choice in PENDING_CHOICES:
        row.outcome = ImportedRelease.Outcome.PENDING
    elif decision.choice == ImportedRelease.Decision.PRESENT:
        row.outcome = ImportedRelease.Outcome.DONE


def _store_files(row: ImportedRelease, release: SourceRelease, decision: Decision) -> None:
    choices = {asset.name: (choice, reason) for asset, choice, reason in decision.files}
    known = {file.name: file for file in ImportedFile.objects.filter(release=row)}
    # What is not valid here may have more files than can be stored, or several of one name.
    assets = release.assets if decision.choice != ImportedRelease.Decision.INVALID else ()
    for asset in assets:
        file = known.pop(stored_name(asset), None) or ImportedFile(release=row)
        if (file.key, file.size_bytes, file.digest) != (asset.key, asset.size_bytes, asset.digest):
            file.upload, file.etag = None, ""  # other bytes than those that were fetched, perhaps only in part
        choice, reason = choices.get(asset.name, (ImportedFile.Decision.PRESENT, ""))
        file.decision, file.is_listed = choice, True
        file.reason = printable(reason)[:MAX_REASON_CHARACTERS]
        for name, value in file_texts(asset).items():
            setattr(file, name, value)
        file.save()
    ImportedFile.objects.filter(pk__in=[file.pk for file in known.values()]).update(is_listed=False)
