"""Find the download, version or file that a URL of the desk names, for people who work on it."""

from downloads.models import Download
from downloads.policies import download_policy
from files.models import File
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.core.querysets import first_or_not_found
from versions.models import Version
from versions.policies import version_policy


def find_download(actor: Actor, public_id: str) -> Download:
    """Return the download, deleted or not."""
    rows = Download.all_objects.select_related("category", "owner", "organization").filter(public_id=public_id)
    download = first_or_not_found(rows)
    _ensure_insider(actor, download)
    return download


def find_version(actor: Actor, public_id: str) -> Version:
    """Return the version with its download, deleted or not."""
    rows = Version.all_objects.select_related("download__category", "download__owner").filter(public_id=public_id)
    version = first_or_not_found(rows)
    _ensure_insider(actor, version.download)
    return version_policy.visible_or_not_found(actor, version)


def find_file(actor: Actor, public_id: str) -> File:
    """Return the file with its version and download, deleted or not."""
    rows = File.all_objects.select_related("blob", "version__download__category").filter(public_id=public_id)
    file = first_or_not_found(rows)
    _ensure_insider(actor, file.version.download)
    return file


def _ensure_insider(actor: Actor, download: Download) -> None:
    if not download_policy.can_view(actor, download) or not download_policy.is_insider(actor, download):
        raise NotFound
