"""The first step of a version from a package: announce it, and request the URLs for its uploads."""

from django.db import transaction

from downloads.models import Download
from downloads.policies import download_policy
from downloads.rules import rules_of
from downloads.services import lock_download
from files.models import PackageUpload
from files.quotas import room_left
from files.storage import Incoming
from files.uploads.open_ended import open_open_ended
from files.uploads.sessions import begin_upload
from files.usage import reserved_bytes
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, Invalid
from releasehub.publishing.package_values import Announcement
from versions.models import PublicNumber, Version

LOCKFILE_NAME = "package-lock.json"
MAX_LOCKFILE_BYTES = 64 * 1024 * 1024


def version_of_source(download: Download, source_hash: str) -> Version | None:
    """Return the newest version that was created from this source."""
    rows = Version.objects.filter(download=download, source_hash=source_hash)
    return rows.select_related("download__category").order_by("-id").first()


def check_announcement(*, actor: Actor, download: Download, announcement: Announcement) -> Version | None:
    """Return the version that already has this source, or None if the client has to upload the package.

    Raises:
        Invalid: The base version belongs to another download.
        Conflict: The version number is or was used.
    """
    download_policy.ensure("post_version", actor, download)
    base = announcement.base_version
    if base is not None and base.download_id != download.pk:
        raise Invalid(
            "base_version is a version of another download. Choose a version of this download, or leave it out.",
            field="base_version",
        )
    if not announcement.is_forced and (existing := version_of_source(download, announcement.source_hash)):
        return existing
    check_number(download, announcement.number)
    return None


def open_places(download: Download) -> tuple[Incoming, Incoming]:
    """Prepare the uploads of package and lockfile, as large as the category and the quotas allow.

    Call it outside a transaction. `announce_package` checks the quotas again.

    Raises:
        Rejected: Nothing fits into a quota any more.
    """
    remaining_bytes = room_left(download)
    limits = [limit for limit in (rules_of(download.category).max_file_bytes, remaining_bytes) if limit]
    package = open_open_ended(limit_bytes=min(limits, default=0))
    # The package reserves its part of what is left first.
    if remaining_bytes is not None:
        limits.append(max(remaining_bytes - reserved_bytes(package.size_bytes, is_open_ended=True), 1))
    return package, open_open_ended(limit_bytes=min(*limits, MAX_LOCKFILE_BYTES))


@transaction.atomic
def announce_package(
    *, actor: Actor, download: Download, announcement: Announcement, places: tuple[Incoming, Incoming]
) -> PackageUpload:
    """Record the announced package and its upload sessions.

    Raises:
        Rejected: A quota is exceeded.
    """
    download_policy.ensure("post_version", actor, download)
    download = lock_download(download.pk)  # so that parallel announcements cannot exceed its quota together
    names = (f"{download.slug}-{announcement.number}.zip", LOCKFILE_NAME)
    package, lockfile = (
        begin_upload(actor=actor, version=None, filename=name, incoming=place, package_of=download)
        for name, place in zip(names, places, strict=True)
    )
    return PackageUpload.objects.create(
        download=download,
        number=announcement.number,
        source_hash=announcement.source_hash,
        base_version=announcement.base_version,
        is_forced=announcement.is_forced,
        package=package,
        lockfile=lockfile,
    )


def check_number(download: Download, number: str) -> None:
    """Check the number before the upload. `create_version` checks it again while the download is locked."""
    place = {"download": download, "channel": download.default_channel, "number": number}
    if Version.all_objects.filter(**place).exists() or PublicNumber.objects.filter(**place).exists():
        message = f"The version number {number} is already in use or was used before. Choose another number."
        raise Conflict(ErrorCode.VERSION_NUMBER_TAKEN, message, field="number")
