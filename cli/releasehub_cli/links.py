"""Permanent links to the files of a version."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from releasehub_cli import catalog
from releasehub_cli.errors import CliError, HubError
from releasehub_cli.http import Hub
from releasehub_cli.minimum_age import NO_MINIMUM_AGE, MinimumAge
from releasehub_cli.shapes import VersionRow
from releasehub_cli.systems import ClientSystem, best_file, no_matching_file
from releasehub_cli.targets import VersionTarget, moving_link_prefix, version_of


@dataclass(frozen=True)
class FileChoice:
    """The file to choose: the one with this name or, without a name, the best one for a system."""

    system: ClientSystem
    filename: str = ""

    @property
    def word(self) -> str:
        """The last segment of a permanent link."""
        return self.filename or str(self.system)


def link_for(
    hub: Hub, target: VersionTarget, choice: FileChoice, channel: str = "", minimum_age: MinimumAge = NO_MINIMUM_AGE
) -> str:
    """Return the path of a permanent link (docs/links.md) to the chosen file.

    Raises:
        CliError: No file matches. The hint lists the files.
    """
    if moving := moving_link_prefix(hub, target, channel):
        return minimum_age.add_to(f"{moving}{quote(choice.word, safe='')}")
    if choice.filename:
        return _exact_link(target.download, target.version, choice.filename, channel)
    row = catalog.find_version(hub, catalog.find_download(hub, target.download), target.version, channel)
    return _link_in(hub, target, row, choice)


def other_link(
    hub: Hub,
    target: VersionTarget,
    choice: FileChoice,
    channel: str,
    refusal: HubError,
    minimum_age: MinimumAge = NO_MINIMUM_AGE,
) -> str:
    """Find the file in the list of files, after the hub has refused the first link.

    The files may use different names for a system than the links of the hub.

    Raises:
        CliError: No file matches. If the version does not exist, the error is the one that the hub sent.
    """
    try:
        row = version_of(hub, f"{target.download}@{target.version or 'latest'}", channel, minimum_age)
    except CliError:
        refusal.hint = refusal.hint or f"List the versions with: releasehub list {target.download}"
        raise refusal from None
    if choice.filename:
        names = ", ".join(sorted(file["filename"] for file in catalog.all_files(hub, row)))
        refusal.hint = f"The files of version {row['version_string']}: {names or 'none'}"
        raise refusal from None
    return _link_in(hub, target, row, choice)


def _link_in(hub: Hub, target: VersionTarget, row: VersionRow, choice: FileChoice) -> str:
    """Return an exact link with the channel, so that no other channel with the same version matches."""
    files = catalog.all_files(hub, row)
    file = best_file(files, choice.system)
    if file is None:
        raise no_matching_file(f"{target.download}@{row['version_string']}", files, choice.system)
    return _exact_link(target.download, row["version_string"], file["filename"], row["channel"])


def _exact_link(download: str, number: str, filename: str, channel: str) -> str:
    parts = "/".join(quote(text, safe="") for text in (download, number, filename))
    return f"/d/{parts}?{urlencode({'channel': channel})}" if channel else f"/d/{parts}"
