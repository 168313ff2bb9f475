"""The `data` of webhooks in the mc_dm format: the fields of the REST answers, and the relations the dialect embeds.

From the snapshot of the event, so a later change does not show. Two things no snapshot has are read when the body is
made, in the worker: the current version of a download, and the primary file of a version.
Source: mc-dm contract, "Delivery".
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings

from downloads.models import Category, Download
from releasehub.accounts.models import User
from releasehub.api.mc_dm.serializers import epoch
from releasehub.distribution.latest import with_current_version, with_primary_file
from releasehub.webhooks.formats import register_renderer
from releasehub.webhooks.models import Endpoint, Event
from versions.models import Version
from versions.querysets import RELEASED

Snapshot = Mapping[str, Any]


def register() -> None:
    register_renderer(Endpoint.Format.MC_DM, "download", download_data)
    register_renderer(Endpoint.Format.MC_DM, "version", version_data)
    register_renderer(Endpoint.Format.MC_DM, "file", file_data)


def download_data(event: Event) -> dict[str, Any]:
    current = _current_version(event.object_id)
    return {
        **_download(event.data),
        "description": event.data.get("description", ""),
        "current_version_id": current.pk if current else 0,
        "Category": _category(event.data),
        "User": _user(event.data, "owner"),
        "CurrentVersion": {"version_id": current.pk, "version_string": current.number} if current else None,
    }


def version_data(event: Event) -> dict[str, Any]:
    download = event.data["download"]
    return {
        **_version(event.data),
        "primary_file_id": _primary_file(event.object_id),
        "Download": _download(download) | {"Category": _category(download)},
        "User": _user(event.data, "author"),
    }


def file_data(event: Event) -> dict[str, Any]:
    data, version = event.data, event.data["version"]
    is_external, sha256 = bool(data["external_url"]), data["sha256"] or data.get("external_sha256")
    return {
        "file_id": data["file_id"],
        "version_id": data["version_id"],
        "filename": data["filename"],
        "display_label": data["display_label"],
        "file_size": data["size_bytes"],
        "file_hash": f"sha256:{sha256}" if sha256 else None,
        "mime_type": data["mime_type"] or data.get("external_type"),
        "is_primary": data["is_primary"],
        "is_externally_linked": is_external,
        "external_url": data["external_url"],
        "validation_status": data["validation_status"],
        "display_order": data["display_order"],
        "download_count": data.get("download_count", 0),
        "display_name": data["filename"],
        "is_external": is_external,
        "is_link_only": data.get("is_link_only", data["sha256"] is None),
        "Version": _version(version) | {"Download": _download(version["download"])},
    }


def _download(data: Snapshot) -> dict[str, Any]:
    return {
        "download_id": data["download_id"],
        "category_id": data["category_id"],
        "user_id": data["owner_id"],
        "title": data["title"],
        "tag_line": data["tag_line"],
        "view_url": f"{settings.PUBLIC_URL}{data['path']}",
        "icon_url": data.get("icon_url") or None,
        "cover_url": data.get("cover_url") or None,
        "rating_avg": 0.0,
        "rating_count": 0,
        "review_count": 0,
        "download_count": data.get("download_count", 0),
        "view_count": data.get("view_count", 0),
        "last_update": _epoch(data.get("last_update_at")),
        "created_date": _epoch(data.get("created_at")),
        "download_state": "deleted" if data["is_deleted"] else data["state"],
        "prefix_id": 0,
    }


def _version(data: Snapshot) -> dict[str, Any]:
    return {
        "version_id": data["version_id"],
        "download_id": data["download_id"],
        "version_string": data["number"],
        "version_int": data["version_int"],
        "release_notes": data["release_notes"],
        "changelog": data["changelog"],
        "release_date": _epoch(data.get("released_at") or data["published_at"]),
        "is_published": data["state"] in RELEASED,
        "file_count": data["file_count"],
        "download_count": data.get("download_count", 0),
        "display_title": data["title"] or f"{data['download']['title']} {data['number']}",
    }


def _category(download: Snapshot) -> dict[str, Any]:
    if found := download.get("category"):
        return dict(found)
    category = Category.objects.filter(pk=download["category_id"]).first()
    return {"category_id": download["category_id"], "title": category.title if category else ""}


def _user(data: Snapshot, role: str) -> dict[str, Any] | None:
    if (found := data.get(role)) or data[f"{role}_id"] is None:
        return found
    user = User.objects.filter(pk=data[f"{role}_id"]).first()
    return {"user_id": user.pk, "username": user.get_username()} if user else None


def _current_version(download_id: int) -> Version | None:
    download = with_current_version(Download.all_objects.filter(pk=download_id)).first()
    current = download.current_version_id if download else None  # type: ignore[attr-defined]
    return Version.objects.filter(pk=current).first() if current else None


def _primary_file(version_id: int) -> int:
    rows = with_primary_file(Version.all_objects.filter(pk=version_id))
    return rows.values_list("primary_file_id", flat=True).first() or 0


def _epoch(text: str | None) -> int:
    return epoch(datetime.fromisoformat(text) if text else None)
