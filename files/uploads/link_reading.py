"""Read the bytes behind a link: their size, type and digests, or a copy of them."""

from dataclasses import dataclass

from files.blobs import keep_upload
from files.inspection.findings import Finding
from files.mime import sniff
from files.models import Blob, File
from files.storage.digests import HEAD_BYTES, NAMES, DeclaredChecksums, Digester
from files.storage.streaming import Receiver
from files.uploads.link_limits import BadLink, check_size, declared_size, reserve_copy
from releasehub.core.errors import Rejected
from releasehub.outbound.client import fetch

PROBE_SECONDS = 60.0
COPY_SECONDS = 3600.0
MAX_DIGESTED_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True)
class Learned:
    """Facts that a probe found out about a link. The digests are empty if the file is too large to read.

    `findings`: declared digests that the bytes do not have.
    """

    url: str
    size_bytes: int
    mime_type: str
    sha256: str = ""
    sha512: str = ""
    md5: str = ""
    blob: Blob | None = None
    head: bytes = b""
    findings: tuple[Finding, ...] = ()


def _declared_checksums(file: File) -> DeclaredChecksums:
    """Return the declared digests of the file, which the bytes behind the link must match."""
    return DeclaredChecksums([file.external_sha512, file.declared_checksum])


def _differences(checksums: DeclaredChecksums) -> tuple[Finding, ...]:
    return tuple(
        Finding("link.digest", f"The {name.upper()} of the linked file is {actual}, not {text} as declared.")
        for name, text, actual in checksums.differing()
    )


def look(file: File, url: str) -> Learned:
    """Read size and type of the linked file, and its digests unless it is too large. Nothing is stored.

    Where a digest was declared the file is read to its end, however large.
    """
    checksums = _declared_checksums(file)
    with fetch(url, total_seconds=COPY_SECONDS if checksums else PROBE_SECONDS) as answer:
        size = declared_size(file, answer)
        digester = Digester()
        for chunk in answer.chunks():
            digester.update(chunk)
            checksums.update(chunk)
            # The declared size may be missing or wrong, so the bytes that really arrive are checked as well.
            check_size(file, digester.size_bytes)
            is_large = max(size, digester.size_bytes) > MAX_DIGESTED_BYTES
            if is_large and not checksums and len(digester.head) == HEAD_BYTES:
                return Learned(url, size, sniff(digester.head), head=digester.head)
        return Learned(
            url,
            digester.size_bytes,
            sniff(digester.head),
            **vars(digester.result()),
            head=digester.head,
            findings=_differences(checksums),
        )


def copy_link(file: File, url: str) -> Learned:
    checksums = _declared_checksums(file)
    with fetch(url, total_seconds=COPY_SECONDS) as answer:
        limit_bytes = reserve_copy(file, declared_size(file, answer))
        receiver = Receiver(file.filename, limit_bytes=limit_bytes)
        try:
            for chunk in answer.chunks():
                receiver.write(chunk)
                checksums.update(chunk)
            upload = receiver.finish()
        except Rejected as error:
            receiver.abort()
            raise BadLink("too_large", error.message) from error
        except BaseException:
            receiver.abort()
            raise
    try:
        blob = keep_upload(upload)
    finally:
        upload.discard()
    digests = {name: getattr(blob, name) for name in NAMES}
    return Learned(
        url,
        blob.size_bytes,
        blob.mime_type,
        **digests,
        blob=blob,
        head=upload.head,
        findings=_differences(checksums),
    )
