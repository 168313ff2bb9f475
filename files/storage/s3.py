"""Storage on S3 or a compatible service, through the connection and the bucket of django-storages."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from django.core.files.storage import Storage, storages

from files.content_disposition import content_disposition
from files.storage.base import OpenMultipart, StoredObject, Writer, new_key
from files.storage.digests import hex_to_base64
from files.storage.incoming import INCOMING, Incoming, SignedPut
from files.storage.receiving import store_checked
from files.storage.s3_body import S3Body
from files.storage.s3_errors import ignoring_absence, refused_parts, s3_errors
from files.storage.s3_writer import S3Writer
from files.storage.signing import SignedPart, sign_path
from releasehub.core.errors import StorageUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

COPY_BYTES = 32 * 1024 * 1024
COPIES_AT_ONCE = 4


class S3Storage:
    """Storage in one S3 bucket. Clients send and fetch bytes directly through presigned URLs, see `sign_part`.

    The bucket is that of a storage of Django, by default of the one named `releases`.
    """

    def __init__(self, storage: Storage | None = None) -> None:
        self._storage = storage

    @property
    def storage(self) -> Any:
        return self._storage or storages["releases"]

    @property
    def bucket(self) -> str:
        return str(self.storage.bucket_name)

    @property
    def client(self) -> S3Client:
        client: S3Client = self.storage.connection.meta.client
        return client

    @cached_property
    def upload_origin(self) -> str:
        """The origin of the signed URLs. It is read from such a URL, because it may contain the name of the bucket."""
        url = urlsplit(self.client.generate_presigned_url("put_object", Params={"Bucket": self.bucket, "Key": "x"}))
        return f"{url.scheme}://{url.netloc}"

    def new_writer(self, key: str = "") -> Writer:
        return S3Writer(self.client, self.bucket, key or new_key())

    def open(self, key: str, start: int = 0) -> IO[bytes]:
        with s3_errors():
            # The body streams, so that a large object never has to fit into memory.
            # An empty object has no range, not even one from its first byte.
            part = {"Range": f"bytes={start}-"} if start else {}
            answer = self.client.get_object(Bucket=self.bucket, Key=key, **part)  # type: ignore[arg-type]
            return cast("IO[bytes]", S3Body(answer["Body"]))

    def size(self, key: str) -> int | None:
        with s3_errors(), ignoring_absence():
            return self.client.head_object(Bucket=self.bucket, Key=key)["ContentLength"]
        with s3_errors():  # the answer about a missing object is the same as about a missing bucket
            self.client.head_bucket(Bucket=self.bucket)
        return None

    def delete(self, key: str) -> None:
        with s3_errors(), ignoring_absence():
            self.client.delete_object(Bucket=self.bucket, Key=key)

    def signed_url(self, key: str, *, filename: str, content_type: str, seconds: int) -> str | None:
        """Return a presigned URL. The signature covers the headers of the response that are named here."""
        parameters = {
            "Bucket": self.bucket,
            "Key": key,
            "ResponseContentDisposition": content_disposition(filename),
            "ResponseContentType": content_type,
            "ResponseCacheControl": "no-transform",
        }
        with s3_errors():
            return self.client.generate_presigned_url("get_object", Params=parameters, ExpiresIn=seconds)

    def withdraw_urls(self, key: str) -> str | None:
        target = new_key()
        with s3_errors():
            self._copy(key, target)
        return target

    def is_reachable(self) -> bool:
        try:
            with s3_errors():
                self.client.head_bucket(Bucket=self.bucket)
        except StorageUnavailable:
            return False
        return True

    def begin_incoming(self, *, size_bytes: int, part_bytes: int, is_open_ended: bool = False) -> Incoming:
        key, multipart_id = new_key(INCOMING), ""
        if part_bytes:
            with s3_errors():
                multipart_id = self.client.create_multipart_upload(Bucket=self.bucket, Key=key)["UploadId"]
        return Incoming(key, multipart_id, size_bytes, part_bytes, is_open_ended)

    def sign_part(self, incoming: Incoming, number: int, *, seconds: int, sha256: str, md5: str) -> SignedPut:
        """Return a presigned URL. The length and the digest are signed headers, so S3 rejects a body that differs.

        Without a length, S3 would accept up to 5 GiB, and a presigned PUT cannot state a limit. Such a body is sent to
        the hub, which counts its bytes.
        """
        size = incoming.part_size(number)
        if incoming.is_open_ended:
            return SignedPut(sign_path(SignedPart(incoming.key, number, size, sha256, md5, True), seconds), {})
        values: dict[str, Any] = {"Bucket": self.bucket, "Key": incoming.key, "ContentLength": size}
        headers = {"Content-Length": str(size)}
        if incoming.multipart_id:
            values |= {"UploadId": incoming.multipart_id, "PartNumber": number}
        elif sha256:
            values["ChecksumSHA256"] = headers["x-amz-checksum-sha256"] = hex_to_base64(sha256)
        if md5:
            values["ContentMD5"] = headers["Content-MD5"] = hex_to_base64(md5)
        operation = "upload_part" if incoming.multipart_id else "put_object"
        with s3_errors():
            url = self.client.generate_presigned_url(operation, Params=values, ExpiresIn=seconds, HttpMethod="PUT")
        return SignedPut(url, headers)

    def receive_part(
        self, key: str, number: int, stream: IO[bytes], size: int, *, sha256: str, md5: str, is_limit: bool = False
    ) -> None:
        """Store the body of an upload of unknown length, which is one object. The last of two requests wins."""
        writer = S3Writer(self.client, self.bucket, key)
        store_checked(stream, writer, size, sha256=sha256, md5=md5, is_limit=is_limit)

    def write_part(self, incoming: Incoming, number: int, body: bytes) -> None:
        place: Any = {"Bucket": self.bucket, "Key": incoming.key, "Body": body}
        with s3_errors():
            if incoming.multipart_id:
                self.client.upload_part(**place, UploadId=incoming.multipart_id, PartNumber=number)
            else:
                self.client.put_object(**place)

    def received_parts(self, incoming: Incoming) -> dict[int, int]:
        if not incoming.multipart_id:
            size = self.size(incoming.key)
            return {1: size} if size is not None and incoming.is_whole(1, size) else {}
        with s3_errors(), ignoring_absence():
            parts = self._parts(incoming)
            return {n: part["Size"] for n, part in parts.items() if incoming.is_whole(n, part["Size"])}
        return {}

    def collect(self, incoming: Incoming, key: str) -> None:
        """Complete the upload, then let the storage copy it to `key`, for which no presigned URL was ever issued.

        A presigned URL stays valid after the upload was completed. Without the copy, a client could still replace the
        bytes after they had been checked.
        """
        if incoming.multipart_id:
            with s3_errors(), refused_parts(), ignoring_absence():  # absent: it was completed before a crash
                self._complete(incoming)
        with s3_errors(), refused_parts():
            self._copy(incoming.key, key)

    def drop_incoming(self, incoming: Incoming) -> None:
        if incoming.multipart_id:
            self.abort_multipart(incoming.key, incoming.multipart_id)
        # A completed multipart upload cannot be aborted any more; then the object itself has to be deleted.
        self.delete(incoming.key)

    def objects(self, prefix: str, *, after: str = "") -> Iterator[StoredObject]:
        options: Any = {"StartAfter": after} if after else {}
        with s3_errors():
            pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix, **options)
            for page in pages:
                for entry in page.get("Contents", []):
                    yield StoredObject(entry["Key"], entry["Size"], entry["LastModified"])

    def open_multiparts(self, prefix: str) -> Iterator[OpenMultipart]:
        with s3_errors():
            pages = self.client.get_paginator("list_multipart_uploads").paginate(Bucket=self.bucket, Prefix=prefix)
            for page in pages:
                for entry in page.get("Uploads", []):
                    yield OpenMultipart(entry["Key"], entry["UploadId"], entry["Initiated"])

    def abort_multipart(self, key: str, multipart_id: str) -> None:
        with s3_errors(), ignoring_absence():
            self.client.abort_multipart_upload(Bucket=self.bucket, Key=key, UploadId=multipart_id)

    def _copy(self, source: str, target: str) -> None:
        from boto3.s3.transfer import TransferConfig

        # Large objects are copied in small pieces, a few at once. On a slow storage, ten calls with 128 MiB each, which
        # would be the default, wait for each other until all of them run into their timeout.
        config = TransferConfig(
            multipart_threshold=COPY_BYTES, multipart_chunksize=COPY_BYTES, max_concurrency=COPIES_AT_ONCE
        )
        self.client.copy({"Bucket": self.bucket, "Key": source}, self.bucket, target, Config=config)

    def _parts(self, incoming: Incoming) -> dict[int, Any]:
        pages = self.client.get_paginator("list_parts").paginate(
            Bucket=self.bucket, Key=incoming.key, UploadId=incoming.multipart_id
        )
        return {part["PartNumber"]: part for page in pages for part in page.get("Parts", [])}

    def _complete(self, incoming: Incoming) -> None:
        parts: Any = [{"PartNumber": n, "ETag": part["ETag"]} for n, part in sorted(self._parts(incoming).items())]
        self.client.complete_multipart_upload(
            Bucket=self.bucket,
            Key=incoming.key,
            UploadId=incoming.multipart_id,
            MultipartUpload={"Parts": parts},
        )
