"""The links of the menu *Manage*, with which the team and staff get from a public page to where they change things."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.core.actor import Actor
from releasehub.pages.viewers import viewer_of
from versions.models import Version
from versions.policies import version_policy


def manage_links(request: HttpRequest, download: Download, version: Version | None = None) -> list[tuple[str, str]]:
    """Return the label and the URL of each link. The list is empty for visitors."""
    actor = viewer_of(request)
    links = []
    if actor.user is not None and actor.user.is_staff:
        can_edit = version_policy.can_edit(actor, version) if version else download_policy.can_edit(actor, download)
        label = gettext("Edit in the admin") if can_edit else gettext("View in the admin")
        links.append((label, admin_url(version or download)))
    if download_policy.is_insider(actor, download) and actor.user is not None:
        target = reverse("pages:desk-version", args=[version.public_id]) if version else download_desk(download)
        links.append((gettext("Edit in My downloads"), target))
    return links + people_links(actor, download)


def people_links(actor: Actor, download: Download) -> list[tuple[str, str]]:
    """Return the links to the pages about who works on the download and who has access to it."""
    links = []
    if download_policy.can_manage_team(actor, download):
        links.append((gettext("Team"), reverse("pages:team-people", args=[download.public_id])))
    if download_policy.can_transfer(actor, download):
        links.append((gettext("Change the owner"), reverse("pages:ownership-people", args=[download.public_id])))
    if download_policy.can_manage_access_keys(actor, download):
        url = f"{reverse('pages:access-keys')}?download={download.pk}"
        links.append((gettext("Access keys and share links"), url))
    return links


def admin_url(target: Download | Version) -> str:
    meta = target._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_change", args=[target.pk])


def download_desk(download: Download) -> str:
    return reverse("pages:desk-download", args=[download.public_id])
