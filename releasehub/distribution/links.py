"""Permanent links to versions and files, as paths. The caller adds the base URL of the hub."""

from urllib.parse import urlencode

from django.urls import reverse

from files.models import File
from releasehub.distribution.checksums import FILENAME
from versions.models import Version

# The routes of a file by the parameters that its link needs, see `Version.page_query`.
PLACED = {
    frozenset(): "file",
    frozenset({"channel"}): "file-in-channel",
    frozenset({"platform"}): "file-for-platform",
    frozenset({"channel", "platform"}): "file-in-channel-for-platform",
}


def version_path(version: Version) -> str:
    """Return the path of the page of a version. The download of the version should be loaded."""
    download = version.download
    return _address("version", version, slug=download.slug, pk=download.pk, number=version.number)


def file_path(file: File) -> str:
    """Return the download path of a file. The version and its download should be loaded."""
    version = file.version
    return _address("file", version, slug=version.download.slug, number=version.number, filename=file.filename)


def path_without_query(file: File, *, number: str = "") -> str:
    """Return the same link with the channel and the platform in the path, for clients that replace the query of links.

    electron-updater does so if the URL of the feed has a query, for example with an access key. `number` is another
    spelling of the number of the version, such as 1.4.0 for 1.4; the link leads to the same file.
    """
    version = file.version
    parts = {"slug": version.download.slug, "number": number or version.number, "filename": file.filename}
    place = version.page_query
    return reverse(f"pages:{PLACED[frozenset(place)]}", kwargs=parts | place)


def checksums_path(version: Version) -> str:
    return _address("file", version, slug=version.download.slug, number=version.number, filename=FILENAME)


def _address(name: str, version: Version, **parts: object) -> str:
    path, query = reverse(f"pages:{name}", kwargs=parts), version.page_query
    return f"{path}?{urlencode(query)}" if query else path
