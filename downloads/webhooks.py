"""Whose webhook endpoints of a download are: the owner's, and those of whoever may manage its team."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from downloads.models import Download
from downloads.models.access import is_team_manager
from downloads.policies import download_policy
from downloads.querysets import MANAGE_TEAM
from releasehub.accounts.models import User
from releasehub.core.actor import Actor
from releasehub.core.errors import ErrorCode, Invalid, NotFound
from releasehub.webhooks.policies import administered_organizations, endpoint_policy


def manages_endpoints(actor: Actor, download_id: int) -> bool:
    download = Download.objects.select_related("category").filter(pk=download_id).first()
    return download is not None and download_policy.can_manage_team(actor, download)


def managed_downloads(actor: Actor) -> QuerySet[Any, int]:
    """The set form of `manages_endpoints`."""
    return Download.objects.team_managed_by(actor).values_list("pk", flat=True)


def is_held_by_manager() -> Q:
    """Match endpoints whose creator owns their download or manages its team, deleted downloads included.

    That a download was deleted is the last thing its endpoints are told.
    """
    owned = Download.all_objects.filter(pk=OuterRef("download_id"), owner=OuterRef("created_by"), owner__is_active=True)
    return Q(download_id__isnull=False) & (Q(Exists(owned)) | is_team_manager("created_by", "download_id"))


def streamed_downloads(actor: Actor, organization_ids: frozenset[int]) -> Iterable[int]:
    """Deleted ones too: that they went is the last thing their stream tells."""
    mine = Download.all_objects.inside_for(actor, MANAGE_TEAM).values("pk")
    rows = Download.all_objects.within_binding(actor).filter(Q(pk__in=mine) | Q(organization__in=organization_ids))
    return rows.values_list("pk", flat=True)


def owner_of(download_id: int) -> User | None:
    download = Download.objects.select_related("owner").filter(pk=download_id).first()
    return download.owner if download else None


def ensure_download(download_id: int) -> None:
    """Staff manage the endpoints of every download, so the policy does not look for it.  Errors: NotFound."""
    if not Download.objects.filter(pk=download_id).exists():
        raise NotFound


def only_scope(actor: Actor) -> dict[str, Any]:
    """What an endpoint belongs to when its maker does not say, as arguments of `create_endpoint`.

    The site for its staff; else the one organisation the actor administers; without any, the one download managed.
    Errors: Invalid (field: download_id) when that is not clear.
    """
    if endpoint_policy.can_manage_scope(actor, organization_id=None, download_id=None):
        return {}
    organizations = list(administered_organizations(actor)[:2])
    if len(organizations) == 1:
        return {"organization": organizations[0]}
    downloads = [] if organizations else list(managed_downloads(actor)[:2])
    if len(downloads) == 1:
        return {"download_id": downloads[0]}
    message = "Name what the endpoint is to belong to: you manage nothing, or more than one thing."
    raise Invalid(ErrorCode.INVALID, message, field="download_id")
