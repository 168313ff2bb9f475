"""Translate errors of S3 into storage errors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from files.storage.incoming import parts_missing
from releasehub.core.errors import StorageFull, StorageUnavailable

if TYPE_CHECKING:
    pass


BAD_PARTS = {"InvalidPart", "InvalidPartOrder", "EntityTooSmall", "MalformedXML"}
ABSENT = {"404", "NoSuchKey", "NoSuchUpload", "NotFound"}


@contextmanager
def s3_errors() -> Iterator[None]:
    """Translate boto3 errors into storage errors.

    boto3 is imported here and not at the top of the module, because the import takes 165 ms.

    Raises:
        StorageFull: The storage responded with status 507.
        StorageUnavailable: Any other error occurred.
    """
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        raise (StorageFull() if status == 507 else StorageUnavailable()) from error
    except (BotoCoreError, Boto3Error) as error:
        raise StorageUnavailable from error


@contextmanager
def ignoring_absence() -> Iterator[None]:
    """Ignore errors that say that the object or the multipart upload does not exist."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] not in ABSENT:
            raise


@contextmanager
def refused_parts() -> Iterator[None]:
    """Translate the storage's errors about parts that are missing or do not match into a rejection of the upload."""
    from botocore.exceptions import ClientError

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in ABSENT | BAD_PARTS:
            raise parts_missing() from error
        raise
