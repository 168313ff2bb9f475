"""Write an object to S3 in parts."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from files.storage.s3_errors import s3_errors
from releasehub.core.errors import StorageUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


S3_PART_BYTES = 8 * 1024 * 1024


class S3Writer:
    """A writer that sends a small object as one PUT and a larger one as a multipart upload.

    It buffers at most one part and one chunk in memory.
    """

    def __init__(self, client: S3Client, bucket: str, key: str) -> None:
        self.client, self.bucket, self.key = client, bucket, key
        self.buffer = bytearray()
        self.upload_id = ""
        self.parts: list[dict[str, Any]] = []

    def write(self, chunk: bytes) -> None:
        self.buffer += chunk
        if len(self.buffer) >= S3_PART_BYTES:
            self._send_part()

    def finish(self) -> None:
        with s3_errors():
            if not self.upload_id:
                self.client.put_object(Bucket=self.bucket, Key=self.key, Body=bytes(self.buffer))
                return
            if self.buffer:
                self._send_part()
            self.client.complete_multipart_upload(
                Bucket=self.bucket,
                Key=self.key,
                UploadId=self.upload_id,
                MultipartUpload={"Parts": self.parts},  # type: ignore[typeddict-item]
            )

    def abort(self) -> None:
        if self.upload_id:
            with suppress(StorageUnavailable), s3_errors():
                self.client.abort_multipart_upload(Bucket=self.bucket, Key=self.key, UploadId=self.upload_id)

    def _send_part(self) -> None:
        with s3_errors():
            if not self.upload_id:
                self.upload_id = self.client.create_multipart_upload(Bucket=self.bucket, Key=self.key)["UploadId"]
            number = len(self.parts) + 1
            part = self.client.upload_part(
                Bucket=self.bucket, Key=self.key, UploadId=self.upload_id, PartNumber=number, Body=bytes(self.buffer)
            )
            self.parts.append({"ETag": part["ETag"], "PartNumber": number})
            self.buffer.clear()
