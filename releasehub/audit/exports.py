"""Copies of heads outside the database, where somebody with access to the database alone cannot remove them.

Every hub stores its newest head in its default storage, as one file for each day. Sinks of the kind "JSON lines in
storage" store every head.
"""

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from django.utils import timezone

from releasehub.audit.lines import json_line
from releasehub.audit.models import AuditHead

FOLDER = "audit-log"
FIELDS = ("position", "chain_hash", "created_at", "signature")


@dataclass(frozen=True)
class ExportedHead:
    """A head as it was read from storage."""

    position: int
    chain_hash: str
    created_at: datetime
    signature: str
    purpose: ClassVar[str] = AuditHead.purpose


def name_of(head: AuditHead) -> str:
    """Return the file name of a head, relative to the folder of its sink."""
    return f"heads/{head.created_at:%Y-%m-%d}/{head.position:020d}.json"


def content_of(head: AuditHead) -> dict[str, Any]:
    return {"head": {name: getattr(head, name) for name in FIELDS}}


def store_head(head: AuditHead) -> None:
    """Store a head as the newest of its day. Only after that are earlier heads of the day removed.

    Raises:
        OSError: The storage failed. Some backends raise errors of their own. The next export tries again.
    """
    storage, name = _storage(), f"{FOLDER}/{name_of(head)}"
    if storage.exists(name):
        return
    storage.save(name, ContentFile((json_line(content_of(head)) + "\n").encode("ascii")))
    day, _, newest = name.rpartition("/")
    for other in storage.listdir(day)[1]:
        if other < newest:
            storage.delete(f"{day}/{other}")


def newest_head(folder: str) -> ExportedHead | None:
    """Return the newest head in a folder of the default storage.

    Raises:
        OSError: The storage failed. Some backends raise errors of their own.
    """
    storage = _storage()
    today = f"{timezone.now():%Y-%m-%d}"
    with suppress(FileNotFoundError):
        days = sorted(storage.listdir(f"{folder}/heads")[0], reverse=True)
        # After the clock was set back, the newest head is not that of the latest day.
        found = [_newest_of(folder, days), _newest_of(folder, [day for day in days if day <= today])]
        if names := [name for name in found if name]:
            return _read(storage, max(names, key=lambda name: name.rpartition("/")[2]))
    return None


def _newest_of(folder: str, days: Iterable[str]) -> str:
    """Return the name of the newest head of the first of these days that has one, or an empty string."""
    for day in days:
        if names := _storage().listdir(f"{folder}/heads/{day}")[1]:
            return f"{folder}/heads/{day}/{max(names)}"
    return ""


def store(name: str, body: bytes) -> None:
    """Write a file, and replace an earlier one of the same name."""
    storage = _storage()
    if storage.exists(name):
        storage.delete(name)
    storage.save(name, ContentFile(body))


def _read(storage: Storage, name: str) -> ExportedHead:
    with storage.open(name) as handle:
        head = json.loads(handle.read())["head"]
    created_at = datetime.fromisoformat(head["created_at"])
    return ExportedHead(head["position"], head["chain_hash"], created_at, head["signature"])


def _storage() -> Storage:
    return storages["default"]
