"""Files from HTML forms, which are streamed to the storage like those of the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.http import HttpRequest

from files.blobs import release_claim
from files.models import File
from files.services import add_file
from files.storage.streaming import StagedUpload
from files.uploads.handlers import Authorize, StagingUploadHandler
from files.uploads.intake import accept_upload
from releasehub.core.actor import Actor
from versions.models import Version


@contextmanager
def receive_files(request: HttpRequest, authorize: Authorize) -> Iterator[None]:
    """Stream the file in the request body to storage, and remove it again unless a blob took it over.

    The caller has checked the permission to upload. `authorize` returns the maximum size for a file name. The name is
    checked afterwards, so that the form keeps its values.
    """
    handler = StagingUploadHandler(request, authorize=authorize)
    if request.method == "POST":
        request.upload_handlers = [handler]
    try:
        yield
    finally:
        handler.discard()


def store_file(
    *, actor: Actor, version: Version, upload: StagedUpload, keep_rejected: bool = False, **fields: Any
) -> File:
    """Check the staged upload, turn it into a blob and add the file row.

    Args:
        upload: The bytes that `receive_files` streamed to storage.
        keep_rejected: See `accept_upload`.

    Raises:
        DomainError: `accept_upload` or `add_file` rejected the file.
    """
    accepted_upload = accept_upload(actor=actor, version=version, upload=upload, keep_rejected=keep_rejected)
    try:
        return add_file(actor=actor, version=version, **vars(accepted_upload), **fields)
    except Exception:
        release_claim(accepted_upload.blob)
        raise
