"""Read the body of an object from S3."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from files.storage.s3_errors import s3_errors

if TYPE_CHECKING:
    from botocore.response import StreamingBody


class S3Body(io.RawIOBase):
    """The body of an object as a file. Each read raises StorageUnavailable if the connection breaks off."""

    def __init__(self, body: StreamingBody) -> None:
        self._body = body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with s3_errors():
            return self._body.readinto(buffer)

    def close(self) -> None:
        self._body.close()
        super().close()
