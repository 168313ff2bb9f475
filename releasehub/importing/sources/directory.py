"""A folder of this machine: one that `manage.py export` has written, or one with files for each version."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.utils.translation import gettext_noop

from releasehub.core.errors import Invalid
from releasehub.importing.sources.base import (
    OpenedAsset,
    ReleaseSource,
    SourceAsset,
    SourceKind,
    SourceRefused,
    SourceRelease,
    SourceSettings,
)
from releasehub.importing.sources.exported_tree import exported_releases, find_download_folder
from releasehub.importing.sources.http import SourceHttp
from releasehub.importing.sources.local_folder import LocalFolder
from releasehub.importing.sources.plain_folder import plain_releases

CHUNK_BYTES = 1024 * 1024


class DirectorySource(ReleaseSource):
    """The releases in a folder. Files of an export that are links to other servers are fetched from there."""

    def __init__(self, folder: LocalFolder, slug: str = "") -> None:
        self._folder = folder
        self._slug = slug

    def releases(self) -> Iterator[SourceRelease]:
        self._folder.check()
        path = find_download_folder(self._folder, self._slug)
        # The whole list is read before anything is imported, so damaged metadata leaves nothing half done.
        found = plain_releases(self._folder) if path is None else exported_releases(self._folder, path)
        yield from list(found)

    @contextmanager
    def open(self, asset: SourceAsset, *, start: int = 0) -> Iterator[OpenedAsset]:
        if "://" in asset.url:
            with SourceHttp("").open(asset.url, start=start) as opened:
                yield opened
            return
        with self._folder.open(asset.url, start) as handle:
            status = os.fstat(handle.fileno())
            yield OpenedAsset(_chunks(handle), start, status.st_size, f"{status.st_mtime_ns}-{status.st_size}")


def _chunks(handle: IO[bytes]) -> Iterator[bytes]:
    try:
        while chunk := handle.read(CHUNK_BYTES):
            yield chunk
    except OSError as error:
        raise SourceRefused(f"The file cannot be read: {error.strerror}.") from None


def build_directory(settings: SourceSettings) -> DirectorySource:
    path = Path(settings.address)
    if not path.is_absolute():
        raise Invalid(f"Enter the absolute path of a folder, not {path}.", field="address")
    return DirectorySource(LocalFolder(path), settings.options.get("download", ""))


DIRECTORY = SourceKind(
    name="directory",
    label=gettext_noop("Folder of this machine"),
    build=build_directory,
    address_example="/srv/releases",
    is_local=True,
    options={"download": "the slug of the download, if the folder is an export of several"},
)
