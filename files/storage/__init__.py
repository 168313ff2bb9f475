"""The only interface to stored bytes: a local disk, or S3 through django-storages, chosen by RELEASEHUB_STORAGE."""

from functools import lru_cache

from django.conf import settings

from files.storage.base import BLOBS, BlobStorage, Writer, new_key
from files.storage.incoming import INCOMING, Incoming, SignedPut
from files.storage.local import LocalStorage
from files.storage.s3 import S3Storage
from files.storage.writing import copied_digest, written


@lru_cache(maxsize=1)
def blob_storage() -> BlobStorage:
    """Return the storage that the settings select. It is created once per process."""
    return S3Storage() if settings.STORAGE_KIND == "s3" else LocalStorage()
