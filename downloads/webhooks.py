"""Decide which users manage the webhook endpoints of a download: its owner, and the users who manage its team.

The app `webhooks` does not know downloads. It calls these functions, which are registered in `downloads/apps.py`.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from downloads.access import find_with_access
from downloads.models import Download
from downloads.models.access import is_team_manager
from downloads.policies import download_policy
from downloads.querysets import MANAGE_TEAM
from releasehub.accounts.models import User
from releasehub.core.actor import Actor
from releasehub.core.errors import Invalid, NotFound
from releasehub.webhooks.policies import endpoint_policy
from releasehub.webhooks.querysets import administered_organizations


def manages_endpoints(actor: Actor, download_id: int) -> bool:
    download = find_with_access(actor, download_id)
    return download is not None and download_policy.can_manage_team(actor, download)


def managed_downloads(actor: Actor) -> QuerySet[Any, int]:
    """Return the ids of the downloads for which `manages_endpoints` is true."""
    return Download.objects.team_managed_by(actor).order_by().values_list("pk", flat=True)


def is_held_by_manager() -> Q:
    """Match endpoints whose creator owns their download or manages its team.

    Deleted downloads are included, because the deletion is the last event that their endpoints receive.
    """
    owned = Download.all_objects.filter(pk=OuterRef("download_id"), owner=OuterRef("created_by"), owner__is_active=True)
    return Q(download_id__isnull=False) & (Q(Exists(owned)) | is_team_manager("download_id"))


def streamed_downloads(actor: Actor, organization_ids: frozenset[int]) -> Iterable[int]:
    """Return the ids of the downloads whose events the actor may stream.

    Deleted downloads are included, because the deletion is the last event in their stream.
    """
    mine = Download.all_objects.inside_for(actor, MANAGE_TEAM).values("pk")
    rows = Download.all_objects.within_binding(actor).filter(Q(pk__in=mine) | Q(organization__in=organization_ids))
    return rows.order_by().values_list("pk", flat=True)


def owner_of(download_id: int) -> User | None:
    """Return the owner of the download, or None if the download does not exist or is deleted."""
    download = Download.objects.select_related("owner").filter(pk=download_id).first()
    return download.owner if download else None


def ensure_download(download_id: int) -> None:
    """Check that the download exists.

    The policy does not check this for staff, because they may manage the endpoints of every download.
    """
    if not Download.objects.filter(pk=download_id).exists():
        raise NotFound


def only_scope(actor: Actor) -> dict[str, Any]:
    """Return the default scope of an endpoint whose creator names no scope, as arguments of `create_endpoint`.

    For staff it is the site. For other actors it is the only organization that the actor administers, or else the only
    download that the actor manages.

    Raises:
        Invalid: The scope is not clear. The error names the field `download_id`.
    """
    if endpoint_policy.can_manage_scope(actor, organization_id=None, download_id=None):
        return {}
    organizations = list(administered_organizations(actor)[:2])
    if len(organizations) == 1:
        return {"organization": organizations[0]}
    downloads = [] if organizations else list(managed_downloads(actor)[:2])
    if len(downloads) == 1:
        return {"download_id": downloads[0]}
    message = (
        "The endpoint needs an owner, because you manage nothing, or more than one download or "
        "organization. Set the download or the organization that it belongs to."
    )
    raise Invalid(message, field="download_id")
