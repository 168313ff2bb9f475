"""Targets that users name as DOWNLOAD@VERSION, and the versions they lead to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from releasehub_cli.catalog import find_download, find_version, plain_number, version_with_id, versions_with_number
from releasehub_cli.errors import HubError, usage
from releasehub_cli.http import Hub
from releasehub_cli.minimum_age import NO_MINIMUM_AGE, MinimumAge
from releasehub_cli.shapes import VersionRow

_LINE = re.compile(r"latest-[0-9.]+\.x")


@dataclass(frozen=True)
class VersionTarget:
    """A parsed DOWNLOAD@VERSION.

    Attributes:
        version: A version number, `latest`, `latest-1.x` or a channel. Empty if only the download is named.
    """

    download: str
    version: str

    @classmethod
    def parse(cls, text: str, *, needs_version: bool = False) -> VersionTarget:
        download, sign, version = text.partition("@")
        if not download.strip() or (sign and not version) or (needs_version and not version):
            raise usage(f"{text!r} does not name a version.", "Write DOWNLOAD@VERSION, such as packsmith@1.4.2.")
        return cls(download, version)

    @property
    def is_number(self) -> bool:
        """Return whether the version starts with a digit, so that it cannot be a channel."""
        return plain_number(self.version)[:1].isdigit()


def moving_link_prefix(hub: Hub, target: VersionTarget, channel: str = "") -> str:
    """Return the prefix of the permanent link to the newest version, or an empty string if the target is one version.

    A word such as `beta` is a version if the download has one of that name, and otherwise a channel.
    """
    base, version = f"/d/{quote(target.download, safe='')}", target.version
    if _LINE.fullmatch(version):
        return f"{base}/{version}/"
    if version in {"", "latest"}:
        return f"{base}/channel/{quote(channel, safe='')}/" if channel else f"{base}/latest/"
    if version.startswith("channel:"):
        return f"{base}/channel/{quote(version.removeprefix('channel:'), safe='')}/"
    if target.is_number or _is_version(hub, target):
        return ""
    return f"{base}/channel/{quote(version, safe='')}/"


def newest_version(hub: Hub, name: str, moving: str, minimum_age: MinimumAge = NO_MINIMUM_AGE) -> VersionRow:
    """Return the version to which the link prefix `moving` leads.

    Raises:
        CliError: No version is published there, or none is old enough.
    """
    number = unquote(hub.head(minimum_age.add_to(moving)).get("X-ReleaseHub-Version", ""))
    return find_version(hub, find_download(hub, name), number)


def _is_version(hub: Hub, target: VersionTarget) -> bool:
    try:
        return bool(versions_with_number(hub, find_download(hub, target.download), target.version))
    except HubError:  # for example, the key may only read permanent links
        return False


def version_of(hub: Hub, text: str, channel: str = "", minimum_age: MinimumAge = NO_MINIMUM_AGE) -> VersionRow:
    """Return the version that the text names as DOWNLOAD@VERSION or by its id.

    `minimum_age` counts for newest versions only.

    Raises:
        CliError: The text does not name a version, the key has no access to it, or several channels have it.
    """
    if text.isascii() and text.isdigit():
        return version_with_id(hub, text)
    target = VersionTarget.parse(text, needs_version=True)
    if moving := moving_link_prefix(hub, target, channel):
        return newest_version(hub, target.download, moving, minimum_age)
    return find_version(hub, find_download(hub, target.download), target.version, channel)
