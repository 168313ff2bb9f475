"""Bytes that were public are never exchanged: once outsiders could see a file, its name in that version is taken.

The name belongs to the digest of these bytes, or for a link that the hub never read, to its URL. Nothing frees it:
not unpublishing, hiding or deleting the version, not deleting or renaming the file. The same bytes may return.
"""

from dataclasses import dataclass
from typing import Any, Self

from django.db.models import OuterRef, QuerySet, Subquery

from files.models import File, PublicFileName
from files.names import fold_name
from releasehub.core.errors import Conflict, ErrorCode
from versions.exposure import is_public
from versions.models import Version
from versions.querysets import VersionQuerySet

BATCH = 1000


@dataclass(frozen=True)
class Identity:
    """The content that a file name stands for. Both fields are empty until the bytes are known."""

    sha256: str = ""
    external_url: str = ""

    @classmethod
    def of(cls, file: File) -> Self:
        return cls(file.blob.sha256 if file.blob else file.external_sha256, file.external_url)

    def is_same(self, sha256: str, external_url: str) -> bool:
        """Return whether the bytes are proven to be these: by digest, and without one by URL."""
        if sha256 and self.sha256:
            return sha256 == self.sha256
        return bool(external_url) and external_url == self.external_url


def check_name_is_free(version: Version, filename: str, identity: Identity) -> None:
    """Refuse a name that was public in this version with other bytes.

    Unknown bytes pass: they are checked again once they are known, before anybody is offered them.

    Raises:
        Conflict: The name belongs to other bytes.
    """
    if identity == Identity():
        return
    public_name = PublicFileName.objects.filter(version=version, folded_name=fold_name(filename)).first()
    if public_name is not None and not identity.is_same(public_name.sha256, public_name.external_url):
        raise _refusal(version, public_name.filename, public_name.sha256, public_name.external_url)


def remember_file(file: File) -> None:
    """Give the name to these bytes forever if outsiders can see the file. The caller holds the lock on the version.

    Raises:
        Conflict: The name belongs to other bytes.
    """
    if file.validation_status == File.Validation.PASSED and not file.is_deleted and is_public(file.version):
        _remember(File.objects.filter(pk=file.pk))


def remember_files_of(versions: VersionQuerySet) -> None:
    """Do the same for all offered files of versions that outsiders can see from now on."""
    _remember(File.objects.validated().filter(version__in=versions.order_by().values("pk")))


def note_reason(file: File, reason: str) -> None:
    """Keep the reason of a deletion for those who follow the permanent link of the file."""
    PublicFileName.objects.filter(version=file.version, folded_name=file.folded_name).update(reason=reason[:500])


def _remember(files: QuerySet[File]) -> None:
    public_names = PublicFileName.objects.filter(version=OuterRef("version"), folded_name=OuterRef("folded_name"))
    annotated: Any = files.select_related("blob").annotate(
        **{
            f"known_{name}": Subquery(public_names.values(name)[:1])
            for name in ("id", "filename", "sha256", "external_url")
        }
    )
    new_rows = []
    for file in annotated.order_by().iterator(BATCH):
        identity = Identity.of(file)
        if file.known_id is None:
            new_rows.append(_row(file, identity))
        elif not identity.is_same(file.known_sha256, file.known_external_url):
            raise _refusal(file.version, file.known_filename, file.known_sha256, file.known_external_url)
    PublicFileName.objects.bulk_create(new_rows, batch_size=BATCH)


def _row(file: File, identity: Identity) -> PublicFileName:
    return PublicFileName(
        version_id=file.version_id,
        folded_name=file.folded_name,
        filename=file.filename,
        sha256=identity.sha256,
        external_url=identity.external_url,
    )


def _refusal(version: Version, filename: str, sha256: str, external_url: str) -> Conflict:
    bytes_ = f"the bytes with the SHA-256 {sha256}" if sha256 else f"the link {external_url}"
    return Conflict(
        ErrorCode.FILE_NAME_RETIRED,
        f"The file name {filename} was public in version {version.number} and stays reserved for "
        f"{bytes_}. Choose another name for this file, or publish it in a new version.",
        field="filename",
        filename=filename,
        sha256=sha256,
    )
