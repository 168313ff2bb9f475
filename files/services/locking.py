"""Lock the rows of files, and count the files that a version offers."""

from typing import Any

from django.db.models import F
from django.utils import timezone

from files.models import File
from files.primary import elect_primary_file
from files.public_names import remember_file
from releasehub.core.locks import lock_row
from versions.models import Version
from versions.services import lock_version


def lock_file(file: File) -> File:
    """Return the row as it is now, with version and download, all locked until the transaction ends.

    Raises:
        NotFound: Another request erased the file, its version or its download.
    """
    version = lock_version(file.version)
    locked = lock_row(file, "blob")
    locked.version = version
    return locked


def offer_file(file: File) -> None:
    """Count a file that has just passed, reserve its name, and choose the primary file. The caller holds the locks."""
    elect_primary_file(file.version, file)
    remember_file(file)
    if file.validation_status == File.Validation.PASSED and not file.is_deleted:
        count_files(file.version, 1)


def count_files(version: Version, difference: int) -> None:
    """Add `difference` to `file_count`, the number of validated files that are not deleted.

    A file that is added to a listed version makes the version as young as the file, for clients with a cooldown.
    """
    if difference:
        now = timezone.now()
        changes: dict[str, Any] = {"file_count": F("file_count") + difference, "updated_at": now}
        if difference > 0 and version.is_listed:
            version.public_since = changes["public_since"] = now
        Version.all_objects.filter(pk=version.pk).update(**changes)
        version.file_count += difference
