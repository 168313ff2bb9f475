"""Read the update information of stored AppImages that were uploaded before the hub read it during the upload."""

import logging
from collections.abc import Iterator

from django.db.models import Exists, OuterRef

from files.inspection.app_image import ENDING
from files.models import Blob, File
from files.names import fold_name
from files.querysets import BlobQuerySet
from files.storage import blob_storage
from files.uploads.inspecting import remember_app_image

BATCH = 100
log = logging.getLogger(__name__)


def read_app_images(*, after: int = 0) -> Iterator[Blob]:
    """Read each stored AppImage without known update information, store the result, and yield its blob by ascending id.

    Only the beginning and the end of a file are read. A file that is missing from the storage is left out.

    Args:
        after: The id of the last blob of a call that was interrupted.

    Raises:
        StorageUnavailable: The storage does not respond.
    """
    while batch := list(_unread_after(after)[:BATCH]):
        for blob in batch:
            after = blob.pk
            if _read(blob):
                yield blob


def _unread_after(pk: int) -> BlobQuerySet:
    files = File.all_objects.filter(blob=OuterRef("pk"), folded_name__endswith=fold_name(ENDING))
    rows = Blob.objects.filter(pk__gt=pk, state=Blob.State.STORED, update_information="", block_map_bytes=0)
    return rows.filter(Exists(files)).order_by("pk")


def _read(blob: Blob) -> bool:
    if blob_storage().size(blob.storage_key) is None:
        log.warning("The stored file %s is missing, so its update information is not read.", blob.storage_key)
        return False
    remember_app_image(blob)
    return True
