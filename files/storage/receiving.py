"""Copy a part that a client sent to the hub into the storage, and compare it with what its signed URL allows."""

import hashlib
from typing import IO

from files.storage.base import Writer
from files.storage.writing import written
from releasehub.core.errors import ErrorCode, Invalid

CHUNK_BYTES = 1024 * 1024


def store_checked(stream: IO[bytes], writer: Writer, size: int, *, sha256: str, md5: str, is_limit: bool) -> None:
    """Store the stream with the writer, completely or not at all. The arguments are those of `receive_part`."""
    with written(writer):
        _copy_checked(stream, writer, size, sha256=sha256, md5=md5, is_limit=is_limit)


def _copy_checked(stream: IO[bytes], writer: Writer, size: int, *, sha256: str, md5: str, is_limit: bool) -> None:
    """Copy the stream, which has `size` bytes, to the writer, and compare it with the digests that are not empty."""
    digests = {name: hashlib.new(name, usedforsecurity=False) for name in ("sha256", "md5")}
    expected = {name: text for name, text in (("sha256", sha256), ("md5", md5)) if text}
    remaining = size
    # One byte more than allowed is read, because the end of a body without a declared length has to be seen.
    while chunk := stream.read(min(CHUNK_BYTES, remaining + 1)):
        if len(chunk) > remaining:
            raise Invalid(f"The body has more than {size} bytes. Send the part again.", code=ErrorCode.FILE_TOO_LARGE)
        for name in expected:
            digests[name].update(chunk)
        writer.write(chunk)
        remaining -= len(chunk)
    if remaining and not is_limit:
        raise Invalid(f"The body ended {remaining} bytes early. Send the part again.", code=ErrorCode.FILE_INCOMPLETE)
    for name, text in expected.items():
        if digests[name].hexdigest() != text:
            raise Invalid(
                f"The {name} of the received bytes is {digests[name].hexdigest()}, not {text} as declared. "
                "Send the part again.",
                field=name,
                code=ErrorCode.FILE_DIGEST_DIFFERS,
            )
