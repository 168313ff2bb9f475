"""The steps from a new download to its first published version."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from downloads.models import Download
from versions.models import Version


@dataclass(frozen=True)
class Step:
    """One step, with the page where it is done. `url` is empty if an earlier step has to be done first."""

    label: str
    is_done: bool
    url: str = ""


def first_steps(download: Download, newest: Version | None) -> list[Step]:
    """Return the steps, or an empty list if the download is visible and has a published version.

    Args:
        newest: The newest version in any state, if the download has one.
    """
    is_published = newest is not None and download.listed_version_count > 0
    if is_published and download.state != Download.State.DRAFT:
        return []
    edit_url = reverse("pages:desk-download-edit", args=[download.public_id])
    new_url = reverse("pages:desk-version-new", args=[download.public_id])
    version_url = reverse("pages:desk-version", args=[newest.public_id]) if newest else ""
    return [
        Step(_("Create the download"), True),
        Step(_("Describe what it does"), bool(download.description), edit_url),
        Step(_("Create a version"), newest is not None, new_url),
        Step(_("Upload its files"), newest is not None and newest.file_count > 0, version_url),
        Step(_("Publish the version"), is_published, version_url),
    ]
