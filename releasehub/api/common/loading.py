"""Bulk loading of what lists embed, for a whole page at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from files.models import File
from files.policies import file_policy
from releasehub.core.actor import Actor
from versions.models import Version


def files_of(actor: Actor, versions: Sequence[Version]) -> dict[int, list[File]]:
    """Return the files that the actor may see, by the id of their version.

    This is a single query if the access rights of the actor have been loaded (`downloads.access.load_access`).
    """
    by_id = {version.pk: version for version in versions}
    files: dict[int, list[File]] = defaultdict(list)
    for file in File.objects.filter(version__in=by_id).select_related("blob").order_by("display_order", "id"):
        file.version = by_id[file.version_id]
        if file_policy.can_view(actor, file):
            files[file.version_id].append(file)
    return files
