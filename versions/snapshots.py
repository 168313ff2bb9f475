"""Serialize versions for webhook events."""

from typing import Any

from downloads.snapshots import embedded_download
from releasehub.webhooks.services import loaded_relation
from versions.models import Version


def version_snapshot(version: Version) -> dict[str, Any]:
    """Return the data of a version as it is at the time of the event."""
    author = loaded_relation(version, "author")
    return {
        "version_id": version.pk,
        "public_id": version.public_id,
        "download_id": version.download_id,
        "number": version.number,
        "tag": version.tag_name,
        "commitish": version.commitish,
        "version_int": version.version_int,
        "channel": version.channel,
        "page_query": version.page_query,
        "channel_name": version.shown_channel,
        "title": version.title,
        "release_notes": version.release_notes,
        "changelog": version.changelog,
        "end_of_support": version.end_of_support.isoformat() if version.end_of_support else None,
        "platforms": version.platforms,
        "rollout_percent": version.rollout_percent,
        "author_id": version.author_id,
        "author": {"user_id": author.pk, "username": author.get_username()} if author else None,
        "state": version.state,
        "visibility": version.visibility,
        "published_at": version.published_at.isoformat() if version.published_at else None,
        "public_since": version.public_since.isoformat() if version.public_since else None,
        "is_security_release": version.is_security_release,
        "released_at": version.released_at.isoformat(),
        "created_at": version.created_at.isoformat(),
        "updated_at": version.updated_at.isoformat(),
        "is_active": version.is_active,
        "is_yanked": version.is_yanked,
        "yank_reason": version.yank_reason,
        "is_deleted": version.is_deleted,
        "file_count": version.file_count,
        "download_count": version.download_count,
        "download": embedded_download(version.download),
    }
