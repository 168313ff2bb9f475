"""Put a file into a version under a name that another file may have, as `PUT` does."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from files.models import File
from files.services import add_file, same_file
from releasehub.core.actor import Actor
from releasehub.publishing.deletion import delete_file
from versions.models import Version

REASON = "replaced by another upload"


def replaceable_file(version: Version, filename: str) -> File | None:
    """Return the file of that name if a new one may replace it: the version is not published."""
    return None if version.is_released else same_file(version, filename)


@transaction.atomic
def put_file(*, actor: Actor, version: Version, replaces: File | None, **fields: Any) -> File:
    """Add a file in the place of `replaces`, which is soft-deleted. `fields` are the arguments of `add_file`.

    Raises:
        DomainError: As `delete_file` and `add_file`. Other bytes under a name that was public are a conflict.
    """
    if replaces is not None:
        delete_file(actor=actor, file=replaces, reason=REASON)
    return add_file(actor=actor, version=version, **fields)
