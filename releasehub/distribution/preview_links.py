"""Preview links: they show testers a version that is not published yet, with its notes and its files.

A preview link is an access key that names a version, so the same rules say when it expires, is revoked or has no
downloads left. It opens nothing but the preview, and the preview ends with the publication of the version.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from downloads.models import AccessKey, Download
from downloads.policies import download_policy
from files.models import File, PictureSize
from files.policies import file_policy
from files.querysets import FileQuerySet
from releasehub.apikeys import secrets
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode, Invalid, NotFound
from releasehub.core.querysets import first_or_not_found
from releasehub.distribution.access_keys import issue_access_key
from releasehub.distribution.delivery import respond_with_file
from releasehub.distribution.gate import record_refusal
from releasehub.distribution.presented_keys import KeyRefused
from versions.models import Version

DEFAULT_DAYS = 14
MAX_DAYS = 90
REFUSED = "This preview link is unknown, revoked or expired. Ask the author for a new one."


@transaction.atomic
def issue_preview_link(
    *, actor: Actor, version: Version, name: str, expires_at: datetime | None = None, uses: int | None = None
) -> tuple[AccessKey, str]:
    """Create a preview link and return it with its secret. Without `expires_at`, it expires after two weeks.

    Args:
        uses: The number of downloads that the link allows, or None for an unlimited number.

    Raises:
        Conflict: The version is published or deleted.
        Invalid: The expiry is in the past or too far away, or `uses` is below 1.
    """
    download_policy.ensure("manage_access_keys", actor, version.download)
    if not can_be_previewed(version):
        raise Conflict(
            ErrorCode.CONFLICT,
            "A preview link shows a version that is not published yet. Share the page of this version instead.",
        )
    last = timezone.now() + timedelta(days=MAX_DAYS)
    if expires_at is not None and expires_at > last:
        message = f"A preview link expires after at most {MAX_DAYS} days. Choose an earlier day."
        raise Invalid(message, field="expires_at")
    return issue_access_key(
        actor=actor,
        download=version.download,
        name=name,
        expires_at=expires_at or timezone.now() + timedelta(days=DEFAULT_DAYS),
        uses=uses,
        version_id=version.pk,
    )


def can_be_previewed(version: Version) -> bool:
    """Return whether a preview link can show the version: it exists, and was not published yet."""
    return not (version.is_released or version.is_deleted or version.download.is_deleted)


def open_preview(secret: str) -> tuple[AccessKey, Version]:
    """Return the key of a preview link and its version, which may be published meanwhile.

    Raises:
        KeyRefused: The link is unknown, revoked or expired, its version was deleted or has become a draft again since
            its publication, or the download is moderated.
    """
    key = None
    if secrets.is_well_formed(secret, secrets.ACCESS_KEY):
        key = AccessKey.objects.opening_previews().filter(digest=secrets.digest(secret)).first()
    rows = Version.objects.select_related("download__category", "download__owner").filter(download__deleted_at=None)
    # A moderator who holds a download back holds back all of it.
    rows = rows.exclude(download__state=Download.State.MODERATED)
    version = rows.filter(pk=key.version_id).first() if key is not None and key.is_usable else None
    if key is None or version is None or _ended_with_publication(key, version):
        raise KeyRefused(REFUSED)
    return key, version


def _ended_with_publication(key: AccessKey, version: Version) -> bool:
    """Return whether the link is older than the first publication of a version that is a draft again."""
    return not version.is_released and version.published_at is not None and key.created_at < version.published_at


def previewed_versions(keys: Iterable[AccessKey]) -> dict[int, Version]:
    """Return the version of each preview link among the keys, by the ID of the key, with at most one query."""
    version_ids = {key.pk: key.version_id for key in keys if key.version_id is not None}
    versions = Version.all_objects.in_bulk(set(version_ids.values()))
    return {key_id: versions[pk] for key_id, pk in version_ids.items() if pk in versions}


def files_in_preview(version: Version) -> FileQuerySet:
    """Return the files that a preview offers: those that passed their checks."""
    return File.objects.passed().filter(version=version)


def picture_in_preview(version: Version, public_id: str, width: int, digest: str) -> PictureSize:
    """Return a picture of the download, which the notes may show."""
    rows = PictureSize.objects.select_related("blob").filter(picture__download=version.download_id)
    size = first_or_not_found(rows.filter(picture__public_id=public_id, width=width))
    if size.blob.path_digest != digest:
        raise NotFound
    return size


def serve_preview_file(request: HttpRequest, actor: Actor, key: AccessKey, file: File) -> HttpResponseBase:
    """Return the response that delivers a file of a preview. Statistics do not count it as a download.

    Raises:
        KeyRefused: The link has no downloads left.
        StorageUnavailable: The storage does not respond, or the stored bytes are damaged.
    """
    with record_refusal(actor, file):
        # The team needs no link, so it never spends a use of one.
        response = respond_with_file(request, file, None if file_policy.can_download(actor, file) else key)
    response["Cache-Control"] = "private, no-store"
    return response
