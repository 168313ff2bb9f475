"""The manifest of a backup: what it contains. It is written last, so a backup without one is not complete."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from releasehub import __version__
from releasehub.operations.errors import OperationError
from releasehub.operations.records import BackupFigures
from releasehub.operations.vault.vault import Vault

BACKUPS = "backups/"
FORMAT = 1
_TIME = re.compile(r"[0-9]{8}T[0-9]{9}Z")


@dataclass
class Manifest:
    """The contents of a backup.

    Attributes:
        migrations: App and name of every migration that made the tables.
        tables: Number of rows and digest of each table.
        problems: Files that were missing or damaged in the hub, by their storage key.
    """

    backup_id: str
    created_at: str
    release: str = __version__
    database: str = ""
    migrations: list[list[str]] = field(default_factory=list)
    tables: dict[str, Any] = field(default_factory=dict)
    file_count: int = 0
    new_file_count: int = 0
    file_bytes: int = 0
    stored_bytes: int = 0
    problems: dict[str, str] = field(default_factory=dict)

    @property
    def row_count(self) -> int:
        return sum(int(table["rows"]) for table in self.tables.values())

    @property
    def figures(self) -> BackupFigures:
        """The figures that are recorded."""
        return BackupFigures(
            file_count=self.file_count,
            new_file_count=self.new_file_count,
            size_bytes=self.file_bytes,
            stored_bytes=self.stored_bytes,
        )


def new_manifest(vault: Vault) -> Manifest:
    """Return a manifest with a new id.

    Ids sort in the order in which backups were made, even if the clock was wrong: otherwise `--keep` would remove the
    new backup instead of the oldest, and `restore` would choose an old one.
    """
    now = moment = timezone.now()
    times = [match[0] for backup_id in complete_backups(vault) if (match := _TIME.match(backup_id))]
    if times:
        moment = max(now, datetime.strptime(times[-1], "%Y%m%dT%H%M%S%f%z") + timedelta(milliseconds=1))
    time = f"{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}Z"
    return Manifest(f"{time}-{secrets.token_hex(2)}", now.isoformat())


def part_name(backup_id: str, part: str) -> str:
    """Return the name of a part of a backup: database, files, keys or manifest."""
    return f"{BACKUPS}{backup_id}/{part}"


def write_manifest(vault: Vault, manifest: Manifest) -> None:
    vault.write_json(part_name(manifest.backup_id, "manifest"), {"format": FORMAT, **asdict(manifest)})


def read_manifest(vault: Vault, backup_id: str = "") -> Manifest:
    """Return the manifest of a backup, by default of the newest complete one.

    Raises:
        OperationError: There is no such backup, or it was written by a newer release.
    """
    complete = complete_backups(vault)
    if not complete:
        raise OperationError("The target contains no complete backup. Run `manage.py backup` first.")
    if backup_id and backup_id not in complete:
        raise OperationError(f"There is no complete backup {backup_id}. Choose one of: {', '.join(complete)}.")
    values = vault.read_json(part_name(backup_id or complete[-1], "manifest"))
    if values.pop("format") != FORMAT:
        raise OperationError("The backup was made by a newer release of ReleaseHub. Install that release.")
    return Manifest(**values)


def complete_backups(vault: Vault) -> list[str]:
    """Return the ids of all complete backups, the oldest first."""
    return sorted(backup_id for backup_id, part in _parts(vault) if part == "manifest")


def incomplete_backups(vault: Vault) -> list[str]:
    """Return the ids of backups that were interrupted before their end."""
    return sorted({backup_id for backup_id, _ in _parts(vault)} - set(complete_backups(vault)))


def _parts(vault: Vault) -> Iterator[tuple[str, str]]:
    for item in vault.objects(BACKUPS):
        backup_id, _, part = item.key.removeprefix(BACKUPS).partition("/")
        yield backup_id, part
