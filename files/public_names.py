"""Bytes that were public are never exchanged: once outsiders could see a file, its name in that version is taken.

The name belongs to the digest of these bytes, or for a link that the hub never read, to its URL. Nothing frees it:
not unpublishing, hiding or deleting the version, not deleting or renaming the file. The same bytes may return.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from files.models import File, PublicFileName
from files.names import fold_name
from releasehub.core.batches import in_batches
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.querysets import only_row
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

    def owns(self, name: PublicFileName) -> bool:
        """Return whether the name is proven to belong to these bytes: by digest, and without one by URL."""
        if name.sha256 and self.sha256:
            return name.sha256 == self.sha256
        return bool(name.external_url) and name.external_url == self.external_url


def check_name_is_free(version: Version, filename: str, identity: Identity) -> None:
    """Refuse a name that was public in this version with other bytes.

    Unknown bytes pass: they are checked again once they are known, before anybody is offered them.

    Raises:
        Conflict: The name belongs to other bytes.
    """
    if identity == Identity():
        return
    name = only_row(PublicFileName.objects.filter(version=version, folded_name=fold_name(filename)))
    if name is not None and not identity.owns(name):
        raise _refusal(version, name)


def remember_file(file: File) -> None:
    """Give the name to these bytes forever if outsiders can see the file. The caller holds the lock on the version.

    Raises:
        Conflict: The name belongs to other bytes.
    """
    if file.validation_status == File.Validation.PASSED and not file.is_deleted and is_public(file.version):
        _remember([file])


def remember_files_of(versions: VersionQuerySet) -> None:
    """Do the same for all offered files of versions that outsiders can see from now on."""
    files = File.objects.validated().filter(version__in=versions.order_by().values("pk")).select_related("blob")
    for batch in in_batches(files.order_by().iterator(BATCH), BATCH):
        _remember(batch)


def note_reason(file: File, reason: str) -> None:
    """Keep the reason of a deletion for those who follow the permanent link of the file."""
    PublicFileName.objects.filter(version=file.version, folded_name=file.folded_name).update(reason=reason[:500])


def _remember(files: Sequence[File]) -> None:
    places = {
        "version__in": {file.version_id for file in files},
        "folded_name__in": {file.folded_name for file in files},
    }
    known = {(name.version_id, name.folded_name): name for name in PublicFileName.objects.filter(**places)}
    new_rows = []
    for file in files:
        name, identity = known.get((file.version_id, file.folded_name)), Identity.of(file)
        if name is None:
            new_rows.append(_row(file, identity))
        elif not identity.owns(name):
            raise _refusal(file.version, name)
    PublicFileName.objects.bulk_create(new_rows)


def _row(file: File, identity: Identity) -> PublicFileName:
    return PublicFileName(
        version_id=file.version_id,
        folded_name=file.folded_name,
        filename=file.filename,
        sha256=identity.sha256,
        external_url=identity.external_url,
    )


def _refusal(version: Version, name: PublicFileName) -> Conflict:
    bytes_ = f"the bytes with the SHA-256 {name.sha256}" if name.sha256 else f"the link {name.external_url}"
    return Conflict(
        ErrorCode.FILE_NAME_RETIRED,
        f"The file name {name.filename} was public in version {version.number} and stays reserved for "
        f"{bytes_}. Choose another name for this file, or publish it in a new version.",
        field="filename",
        filename=name.filename,
        sha256=name.sha256,
    )
