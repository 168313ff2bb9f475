"""Permanent links to versions and files, as paths. The caller adds the base URL of the hub."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from files.models import File
from releasehub.distribution.checksums import FILENAME
from versions.models import Version


def version_path(version: Version) -> str:
    """Return the path of the page of a version. The download of the version should be loaded."""
    download = version.download
    return _address("version", version, slug=download.slug, pk=download.pk, number=version.number)


def file_path(file: File, *, number: str = "") -> str:
    """Return the download path of a file. The version and its download should be loaded.

    `number` is another spelling of the number of the version, such as 1.4.0 for 1.4; the link leads to the same file.
    """
    version = file.version
    parts = {"slug": version.download.slug, "number": number or version.number, "filename": file.filename}
    return _address("file", version, **parts)


def checksums_path(version: Version) -> str:
    """Return the path of the SHA256SUMS file of a version."""
    return _address("file", version, slug=version.download.slug, number=version.number, filename=FILENAME)


def _address(name: str, version: Version, **parts: object) -> str:
    """Return the path of a version or file."""
    path, query = reverse(f"pages:{name}", kwargs=parts), version.page_query
    return f"{path}?{urlencode(query)}" if query else path
