"""Find the download, version or file that a URL of the desk names, for people who work on it."""

from typing import Any

from downloads.models import Download
from downloads.policies import download_policy
from files.models import File
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from versions.models import Version
from versions.policies import version_policy


def find_download(actor: Actor, public_id: str) -> Download:
    """Return the download, deleted or not.

    Raises:
        NotFound: There is no such download, or the actor does not work on it.
    """
    rows = Download.all_objects.select_related("category", "owner", "organization").filter(public_id=public_id)
    return _for_insiders(actor, rows.first(), lambda row: row)


def find_version(actor: Actor, public_id: str) -> Version:
    """Return the version with its download, deleted or not.

    Raises:
        NotFound: There is no such version, or the actor does not work on its download.
    """
    rows = Version.all_objects.select_related("download__category", "download__owner").filter(public_id=public_id)
    version: Version = _for_insiders(actor, rows.first(), lambda row: row.download)
    if not version_policy.can_view(actor, version):
        raise NotFound
    return version


def find_file(actor: Actor, public_id: str) -> File:
    """Return the file with its version and download, deleted or not.

    Raises:
        NotFound: There is no such file, or the actor does not work on its download.
    """
    rows = File.all_objects.select_related("blob", "version__download__category").filter(public_id=public_id)
    return _for_insiders(actor, rows.first(), lambda row: row.version.download)


def _for_insiders(actor: Actor, row: Any, download_of: Any) -> Any:
    if row is None:
        raise NotFound
    download = download_of(row)
    if not download_policy.can_view(actor, download) or not download_policy.is_insider(actor, download):
        raise NotFound
    return row
