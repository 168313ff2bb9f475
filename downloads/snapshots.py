"""Serialize downloads for webhook events."""

from typing import Any

from downloads.models import Download
from releasehub.webhooks.services import loaded_relation


def download_snapshot(download: Download) -> dict[str, Any]:
    """Return the data of a download as it is at the time of the event."""
    return embedded_download(download) | {"description": download.description}


def embedded_download(download: Download) -> dict[str, Any]:
    """Return the data of a download for the events of its versions and files, without the long description."""
    category, owner = loaded_relation(download, "category"), loaded_relation(download, "owner")
    account = loaded_relation(download, "organization") if download.organization_id else owner
    return {
        "download_id": download.pk,
        "public_id": download.public_id,
        "category_id": download.category_id,
        "category": {"category_id": category.pk, "title": category.title} if category else None,
        "owner_id": download.owner_id,
        "owner": {"user_id": owner.pk, "username": owner.get_username()} if owner else None,
        "organization_id": download.organization_id,
        "account_id": account.public_id if account else None,
        "prefix_id": download.prefix_id,
        "slug": download.slug,
        "title": download.title,
        "tag_line": download.tag_line,
        "kind": download.kind,
        "state": download.state,
        "visibility": download.visibility,
        "default_channel": download.default_channel,
        "tags": download.tags,
        "is_deleted": download.is_deleted,
        "path": download.path,
        "icon_url": download.icon_url,
        "cover_url": download.cover_url,
        "icon_path": download.picture_path("icon"),
        "cover_path": download.picture_path("cover"),
        "download_count": download.download_count,
        "view_count": download.view_count,
        "comment_count": download.comment_count,
        "rating_avg": download.rating_avg,
        "rating_count": download.rating_count,
        "review_count": download.review_count,
        "created_at": download.created_at.isoformat(),
        "last_update_at": download.last_update_at.isoformat(),
    }
