"""Bulk loading of what lists embed, for a whole page at once."""

from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from files.models import File
from files.policies import file_policy
from releasehub.core.actor import Actor
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate
from versions.models import Version


def files_of(actor: Actor, versions: Sequence[Version]) -> dict[int, list[File]]:
    """Return the files that the actor may see, by the id of their version.

    This is a single query if the access rights of the actor have been loaded (`downloads.access.load_access`).
    """
    by_id = {version.pk: version for version in versions}
    files: dict[int, list[File]] = defaultdict(list)
    for file in _files_in(list(by_id)):
        file.version = by_id[file.version_id]
        if file_policy.can_view(actor, file):
            files[file.version_id].append(file)
    return files


def _files_in(version_ids: list[int]) -> list[File]:
    """Return the files of these versions with their blobs."""
    # Rounded up to a power of two, so that there are few templates. No version has the id 0.
    length = 1 << (len(version_ids) - 1).bit_length() if version_ids else 1
    padded = version_ids + [0] * (length - len(version_ids))
    return _files_query(length).rows(**{f"version_{number}": pk for number, pk in enumerate(padded)})


@lru_cache
def _files_query(length: int) -> SqlTemplate[File]:
    def build(**version_ids: int) -> Any:
        rows = File.objects.filter(version__in=version_ids.values()).select_related("blob")
        return rows.order_by("display_order", "id")

    return SqlTemplate(build, **{f"version_{number}": SAMPLE_ID + number for number in range(length)})
