"""Import access keys that customers have already, from a table with one key per row. Only their digests are stored."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import Any

from django.db import transaction
from django.utils.dateparse import parse_date, parse_datetime

from downloads.models import AccessKey, Download
from downloads.policies import download_policy
from releasehub.apikeys import secrets
from releasehub.core.actor import Actor
from releasehub.core.batches import in_batches
from releasehub.core.errors import DomainError, Invalid
from releasehub.core.numbers import MAX_INTEGER
from releasehub.distribution.access_keys import check_key_fields, check_own_text, issue_access_key

COLUMNS = ("key", "name", "expires_at", "uses", "highest_number")
MAX_ROWS = 2000
MAX_FILE_BYTES = 1024 * 1024
MAX_NAME_CHARACTERS = 100
LOOKUP_BATCH = 500
DEFAULT_NAME = "Imported key"


@dataclass(frozen=True)
class LineError:
    """The reason why a line cannot be imported. The message never contains the key."""

    line: int
    message: str


@dataclass
class ImportReport:
    """The result of an import. `valid_count` keys can be imported, and `created_count` were."""

    valid_count: int = 0
    created_count: int = 0
    errors: list[LineError] = field(default_factory=list)


def read_table(lines: Iterable[str]) -> list[tuple[int, dict[str, str]]]:
    """Return the rows of a CSV text with their line numbers. The first line names the columns; `key` is required.

    Raises:
        Invalid: There is no column `key`, a column is unknown, the text is not CSV, or it has too many rows.
    """
    reader = csv.DictReader(lines, strict=True)
    rows = []
    try:
        names = [(name or "").strip().lstrip("\ufeff").lower() for name in reader.fieldnames or ()]
        if "key" not in names or not set(names) <= set(COLUMNS) or len(set(names)) < len(names):
            raise _unreadable(f"The first line has to name the column key, and may name {', '.join(COLUMNS[1:])}.")
        reader.fieldnames = names
        for row in reader:
            if None in row:
                raise _unreadable(f"Line {reader.line_num} has more values than there are columns.")
            rows.append((reader.line_num, {name: (value or "").strip() for name, value in row.items()}))
            if len(rows) > MAX_ROWS:
                raise _unreadable(f"The file has more than {MAX_ROWS} keys. Split it, and import the parts.")
    except csv.Error as error:
        raise _unreadable(f"Line {reader.line_num} is not valid CSV: {error}.") from error
    return rows


@transaction.atomic
def import_access_keys(
    *,
    actor: Actor,
    download: Download,
    rows: Sequence[tuple[int, dict[str, str]]],
    dry_run: bool = False,
    skip_invalid: bool = False,
) -> ImportReport:
    """Import the keys of a table. If a row is invalid, nothing is imported, unless `skip_invalid` is set.

    Args:
        rows: The line number and the texts of the columns for each key.
        dry_run: Check the rows without importing anything.
    """
    download_policy.ensure("manage_access_keys", actor, download)
    report, valid = _check_rows(download, rows)
    if dry_run or (report.errors and not skip_invalid):
        return report
    for fields in valid:
        issue_access_key(actor=actor, download=download, **fields)
    report.created_count = len(valid)
    return report


def _check_rows(
    download: Download, rows: Sequence[tuple[int, dict[str, str]]]
) -> tuple[ImportReport, list[dict[str, Any]]]:
    """Return the errors of the rows, and the arguments of `issue_access_key` for each valid row."""
    report = ImportReport()
    taken = _stored_digests(download, (secrets.digest(row["key"]) for _, row in rows))
    lines: dict[str, int] = {}
    valid = []
    for line, row in rows:
        try:
            fields = _fields(row, download)
            digest = secrets.digest(row["key"])
            if digest in taken:
                raise Invalid("The download has this key already.")
            if digest in lines:
                raise Invalid(f"This key is also on line {lines[digest]}.")
        except DomainError as error:
            report.errors.append(LineError(line, error.message))
            continue
        lines[digest] = line
        valid.append(fields)
    report.valid_count = len(valid)
    return report, valid


def _fields(row: dict[str, str], download: Download) -> dict[str, Any]:
    """Return the arguments of `issue_access_key` for a row, all of them checked."""
    check_own_text(row["key"])
    name = row.get("name") or DEFAULT_NAME
    if len(name) > MAX_NAME_CHARACTERS or not name.isprintable():
        raise Invalid(f"The name has to be printable and have at most {MAX_NAME_CHARACTERS} characters.")
    options: dict[str, Any] = {
        "expires_at": _moment(row.get("expires_at", "")),
        "uses": _number(row.get("uses", "")),
        "highest_number": row.get("highest_number", ""),
    }
    check_key_fields(download, **options)
    return {"own_text": row["key"], "name": name, **options}


def _moment(text: str) -> datetime | None:
    """Return the time that a text names; a date stands for the end of that day in UTC."""
    if not text:
        return None
    try:
        if (day := parse_date(text)) is not None:
            return datetime.combine(day, time(23, 59, 59), UTC)
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None:
        raise Invalid("expires_at is not a date or an ISO 8601 time. Write it like 2030-12-31.")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= MAX_INTEGER):
        raise Invalid(f"uses is not a number from 1 to {MAX_INTEGER}.")
    return int(text)


def _stored_digests(download: Download, digests: Iterable[str]) -> set[str]:
    """Return the digests that belong to a key of the download."""
    found: set[str] = set()
    for batch in in_batches(digests, LOOKUP_BATCH):
        rows = AccessKey.objects.filter(download=download, digest__in=batch)
        found |= set(rows.values_list("digest", flat=True))
    return found


def _unreadable(message: str) -> Invalid:
    return Invalid(message, field="file")
