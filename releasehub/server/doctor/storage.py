"""The storage of files: it has to store a probe object, and a bucket has to allow uploads of browsers."""

import secrets
import stat
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.checks import CheckMessage, Error, Info, Warning

from files.storage import BLOBS, BlobStorage, S3Storage, blob_storage, written
from releasehub.core.errors import StorageFull, StorageUnavailable
from releasehub.core.site import site_url
from releasehub.server.doctor.registry import register
from releasehub.server.doctor.requests import ProbeResponse, send

PROBE_BYTES = 1024
REQUESTED_HEADERS = "content-type, content-md5, x-amz-checksum-sha256"
CORS_HINT = (
    "Allow this origin, the methods PUT and GET, and the headers content-type, content-md5 and x-amz-checksum-sha256 "
    "in the CORS configuration of the bucket, and expose ETag."
)


@register("storage")
def check_storage() -> Iterator[CheckMessage]:
    storage = blob_storage()
    place = f"bucket {storage.bucket}" if isinstance(storage, S3Storage) else f"folder {settings.FILES_DIR}"
    try:
        problem = _probe(storage)
    except StorageFull:
        problem = "It is full."
    except StorageUnavailable as error:
        problem = f"Cause: {error.__cause__ or error}"
    if problem:
        yield Error(
            f"The {place} cannot store files. {problem}",
            hint="Check RELEASEHUB_STORAGE, the AWS_* variables and the rights of the key."
            if settings.STORAGE_KIND == "s3"
            else "Make the folder writable for the user of the hub, and free space on its volume.",
        )
    else:
        yield Info(f"An object was written to the {place}, read and deleted.")
    if settings.ACCEL_REDIRECT and (closed := _closed_to_the_group()):
        yield Warning(
            f"The front server cannot send stored files: the group of the hub may not enter {closed[0]}.",
            hint=f"Run: chmod g+x {settings.DATA_DIR} && chmod -R g+rX {settings.FILES_DIR}",
        )


def _closed_to_the_group() -> list[Path]:
    """Return the folders of stored files that only their owner may enter, as without a front server."""
    folders = (Path(settings.DATA_DIR), Path(settings.FILES_DIR), Path(settings.FILES_DIR) / BLOBS)
    return [folder for folder in folders if folder.exists() and not folder.stat().st_mode & stat.S_IXGRP]


def _probe(storage: BlobStorage) -> str:
    """Write, read and delete an object, and return what went wrong."""
    content = secrets.token_bytes(PROBE_BYTES)
    with written(storage.new_writer()) as writer:
        writer.write(content)
    try:
        with storage.open(writer.key) as stream:
            is_equal = stream.read() == content
    finally:
        storage.delete(writer.key)
    if not is_equal:
        return "An object that was read back differs from what was written."
    return "" if storage.size(writer.key) is None else "An object still exists after it was deleted."


@register("cors")
def check_cors() -> Iterator[CheckMessage]:
    """Send the request that a browser sends before an upload. Not every S3 server can show its configuration."""
    if settings.STORAGE_KIND != "s3":
        yield Info("Files are on a local disk, so the hub answers the requests of browsers itself.")
        return
    origin = site_url()
    storage = S3Storage()
    url = storage.client.generate_presigned_url(
        "put_object", Params={"Bucket": storage.bucket, "Key": "incoming/doctor"}, ExpiresIn=60, HttpMethod="PUT"
    )
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": REQUESTED_HEADERS,
    }
    answer = send(url, headers, method="OPTIONS")
    if problem := preflight_problem(answer, origin):
        yield Warning(f"Browsers at {origin} cannot upload to the bucket {storage.bucket}. {problem}", hint=CORS_HINT)
    else:
        yield Info(f"Browsers at {origin} may upload to the bucket {storage.bucket}.")


def preflight_problem(answer: ProbeResponse, origin: str) -> str:
    """Return why a browser would refuse to upload after this answer, or an empty string."""
    headers = answer.headers
    if headers.get("Access-Control-Allow-Origin") not in {origin, "*"}:
        return f"The storage answered {answer.status} and does not allow this origin."
    if "put" not in _listed(headers.get("Access-Control-Allow-Methods", "")):
        return "The storage does not allow the method PUT."
    allowed = _listed(headers.get("Access-Control-Allow-Headers", ""))
    missing = _listed(REQUESTED_HEADERS) - allowed
    if missing and "*" not in allowed:
        return f"The storage does not allow the headers {', '.join(sorted(missing))}."
    return ""


def _listed(text: str) -> set[str]:
    return {item.strip().lower() for item in text.split(",")}
