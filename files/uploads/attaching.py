"""Files of a version by name: bytes that the hub has already, or an asset of the version's release page."""

from django.db import transaction

from files.models import File, UploadSession
from files.services import add_file, link_file
from files.storage.digests import algorithm_of
from files.uploads.attachment_sources import AttachmentSource
from files.uploads.github_assets import NEEDS_RELEASE_PAGE, RELEASE_PAGE
from releasehub.core.actor import Actor
from releasehub.core.errors import Invalid
from versions.models import Version


@transaction.atomic
def attach_file(*, actor: Actor, version: Version, source: AttachmentSource) -> File:
    """Add a file to the version.

    Raises:
        Invalid: An asset needs a release page, and the version has none. Otherwise as `add_file` and `link_file`.
    """
    if source.blob is None:
        if source.asset and not RELEASE_PAGE.fullmatch(version.release_page_url):
            raise Invalid(NEEDS_RELEASE_PAGE, field="release_page_url")
        return link_file(
            actor=actor,
            version=version,
            url=source.url,
            reference=source.asset,
            filename=source.filename,
            **_expected(source.checksum),
            **source.fields,
        )
    file = add_file(
        actor=actor,
        version=version,
        filename=source.filename,
        blob=source.blob,
        warnings=source.warnings,
        head=source.head,
        upload=source.upload,
        **source.fields,
    )
    if source.upload is not None:  # from now on the file refers to the blob instead of the upload
        UploadSession.objects.filter(pk=source.upload.pk).update(file=file, blob=None)
    return file


def _expected(checksum: str) -> dict[str, str]:
    """Return the field of a link that holds the checksum until the worker has compared it with the bytes."""
    name = algorithm_of(checksum)
    return {"external_sha512" if name == "sha512" else "declared_checksum": checksum} if name else {}
