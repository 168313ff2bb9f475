"""Permanent addresses of versions and their bytes, as paths; whoever shows one puts the base of the hub before."""

from __future__ import annotations

from urllib.parse import urlencode

from django.urls import reverse

from files.models import File
from versions.models import Version


def version_path(version: Version) -> str:
    download = version.download
    return _address("version", version, slug=download.slug, pk=download.pk, number=version.number)


def file_path(file: File) -> str:
    """Of the bytes; needs the version with its download."""
    version = file.version
    return _address("file", version, slug=version.download.slug, number=version.number, filename=file.filename)


def checksums_path(version: Version) -> str:
    return _address("file", version, slug=version.download.slug, number=version.number, filename="SHA256SUMS")


def _address(name: str, version: Version, **parts: object) -> str:
    """Where the number alone could mean a version of another channel, the channel is part of the address."""
    query = {} if version.channel == version.download.default_channel else {"channel": version.channel}
    path = reverse(f"pages:{name}", kwargs=parts)
    return f"{path}?{urlencode(query)}" if query else path
