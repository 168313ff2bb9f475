"""Lock versions, and keep the version counts of their download correct.

Every writer takes its locks in the same order: the download first, then the version, then the file. Two writers
therefore never wait for each other in a circle, which would be a deadlock.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone

from downloads.models import Download
from downloads.services import lock_with_download
from releasehub.core.combined_writes import write
from releasehub.core.cursors import as_sent
from versions.models import Version

# The database adds, so the result does not depend on when this process read the row. The query is constant, because
# building it with the ORM took a tenth of the CPU time of a new version.
ADD_TO_COUNTS = f"""
UPDATE {Download._meta.db_table} SET last_update_at = COALESCE(%s, last_update_at),
    version_count = version_count + %s, listed_version_count = listed_version_count + %s
WHERE id = %s
"""  # noqa: S608 - the name of a model


def lock_version(version: Version) -> Version:
    """Return the row as it is now, with its download, both locked until the transaction ends.

    Raises:
        NotFound: Another request erased the version or its download.
    """
    return lock_with_download(version)


@contextmanager
def tally_changes(version: Version) -> Iterator[None]:
    """Adjust the version counts of the download by what the block changes about the version.

    The caller holds the lock on the download, so that no other writer changes the counts of the same version meanwhile.
    """
    before = _tally(version)
    yield
    after = _tally(version)
    add_to_counts(version.download_id, after[0] - before[0], after[1] - before[1])


def add_to_counts(download_id: int, alive: int, listed: int) -> None:
    """Add the two differences to the counts of a download. If both are 0, write nothing.

    Only a change of the listed versions is an update, because everybody sees its time and an order by it.
    """
    if alive or listed:
        now = as_sent(timezone.now()) if listed else None
        write(ADD_TO_COUNTS, [now, alive, listed, download_id])


def _tally(version: Version) -> tuple[int, int]:
    """Return what the version adds to `version_count`, which the team sees, and to `listed_version_count`."""
    is_stored = version.pk is not None and not version._state.adding
    if not is_stored or version.is_deleted:
        return 0, 0
    return 1, int(version.is_listed)
