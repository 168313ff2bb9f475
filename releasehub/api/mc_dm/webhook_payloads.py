"""The `data` of webhooks in the mc_dm format: the fields of the REST responses, and the relations the dialect embeds.

The data comes from the snapshot in the event, so that later changes do not show. A snapshot is passed to the serializer
of the REST API as a plain object with the attributes that the serializer reads. Two values are in no snapshot and are
read by the worker that renders the body: the current version of a download, and the primary file of a version.

Source: mc-dm contract, "Delivery".
"""

from collections.abc import Mapping
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from downloads.models import Category, Download
from files.models import File
from releasehub.accounts.models import User
from releasehub.api.mc_dm.community_serializers import McDmCommentSerializer, McDmPayloadReviewSerializer
from releasehub.api.mc_dm.serializers import McDmDownloadSerializer, McDmFileSerializer, McDmVersionSerializer
from releasehub.core.site import site_url
from releasehub.distribution.annotations import current_version_ids, with_primary_file
from releasehub.webhooks.filters import TRAFFIC
from releasehub.webhooks.formats import register_renderer
from releasehub.webhooks.models import Endpoint, Event
from versions.facts import RELEASED
from versions.models import Version

Snapshot = Mapping[str, Any]
_MISSING_IN_DOWNLOADS: Snapshot = {
    **dict.fromkeys(("prefix_id", "icon_url", "cover_url")),
    **dict.fromkeys(("download_count", "view_count", "rating_count", "review_count"), 0),
    "description": "",
    "rating_avg": 0.0,
}


def register() -> None:
    """Register the renderers of this format with the webhooks app, which does not know the API."""
    register_renderer(Endpoint.Format.MC_DM, "download", download_data)
    register_renderer(Endpoint.Format.MC_DM, TRAFFIC, traffic_data)
    register_renderer(Endpoint.Format.MC_DM, "version", version_data)
    register_renderer(Endpoint.Format.MC_DM, "file", file_data)
    register_renderer(Endpoint.Format.MC_DM, "comment", comment_data)
    register_renderer(Endpoint.Format.MC_DM, "review", review_data)


def download_data(event: Event) -> dict[str, Any]:
    current = _current_version(event.object_id)
    return {
        **_download(event.data, current_version_id=current.pk if current else 0),
        "Category": _category(event.data),
        "User": _user(event.data, "owner"),
        "CurrentVersion": {"version_id": current.pk, "version_string": current.number} if current else None,
    }


def traffic_data(event: Event) -> dict[str, Any]:
    """Return the data of a traffic event: that of the download, and the details beside its fields.

    Such events have no description, which would be stored again for each download of a file. It is read here.
    """
    rows = Download.all_objects.filter(pk=event.object_id).values_list("description", flat=True)
    details = {name: event.data[name] for name in ("version_id", "file_id", "gate", "reason") if name in event.data}
    return {**download_data(event), "description": rows.first() or "", **details}


def version_data(event: Event) -> dict[str, Any]:
    download = event.data["download"]
    return {
        **_version(event.data, primary_file_id=_primary_file(event.object_id)),
        "Download": _embedded_download(download) | {"Category": _category(download)},
        "User": _user(event.data, "author"),
    }


def file_data(event: Event) -> dict[str, Any]:
    data, version = event.data, event.data["version"]
    row = _row(
        {"download_count": 0, "is_link_only": data["sha256"] is None},
        data,
        pk=data["file_id"],
        blob=None,  # the snapshot has the checksum and the type of either kind of file
        external_sha256=data["sha256"] or data.get("external_sha256"),
        external_type=data["mime_type"] or data.get("external_type"),
    )
    embedded = _version(version)
    del embedded["primary_file_id"]
    return {
        **McDmPayloadFileSerializer(context=_context()).to_representation(row),
        "Version": embedded | {"Download": _embedded_download(version["download"])},
    }


def comment_data(event: Event) -> dict[str, Any]:
    row = _contribution(event.data, event.data["comment_id"])
    return McDmCommentSerializer(context=_context()).to_representation(row) | _about(event.data)


def review_data(event: Event) -> dict[str, Any]:
    row = _contribution(event.data, event.data["review_id"])
    return McDmPayloadReviewSerializer(context=_context()).to_representation(row) | _about(event.data)


class McDmPayloadFileSerializer(McDmFileSerializer):
    """A file as the owner of the endpoint sees it: with the URL of a link."""

    def get_external_url(self, file: File) -> str | None:
        return file.external_url


def _context() -> dict[str, Any]:
    return {"base_url": site_url()}


def _row(missing: Snapshot, data: Snapshot, **computed: Any) -> SimpleNamespace:
    """Return a snapshot as an object with the attributes that a serializer reads.

    Args:
        missing: The values of fields that old events do not contain.
        computed: The attributes that differ from the fields of the snapshot.
    """
    return SimpleNamespace(**{**missing, **data, **computed})


def _download(data: Snapshot, *, current_version_id: int = 0) -> dict[str, Any]:
    row = _row(
        _MISSING_IN_DOWNLOADS,
        data,
        pk=data["download_id"],
        picture_path=lambda kind: data.get(f"{kind}_path", ""),
        last_update_at=_moment(data.get("last_update_at")),
        created_at=_moment(data.get("created_at")),
        current_version_id=current_version_id,
    )
    return McDmDownloadSerializer(context=_context()).to_representation(row)


def _embedded_download(data: Snapshot) -> dict[str, Any]:
    """Return a download without the two fields that embedded downloads do not have."""
    return {name: value for name, value in _download(data).items() if name not in {"description", "current_version_id"}}


def _contribution(data: Snapshot, pk: int) -> SimpleNamespace:
    """Return a comment or a review with the attributes that its serializer reads."""
    return _row(
        {},
        data,
        pk=pk,
        author_name=data["author"]["username"] if data["author"] else "",
        created_at=_moment(data["created_at"]),
        is_shown=data["state"] == "visible" and not data["is_deleted"],
        last_edit_at=_moment(data["last_edit_at"]),
    )


def _about(data: Snapshot) -> dict[str, Any]:
    """Return the relations of a comment or a review."""
    return {"Download": _embedded_download(data["download"]), "User": data["author"]}


def _version(data: Snapshot, *, primary_file_id: int = 0) -> dict[str, Any]:
    row = _row(
        {"download_count": 0},
        data,
        pk=data["version_id"],
        released_at=_moment(data.get("released_at") or data["published_at"]),
        is_released=data["state"] in RELEASED,
        display_title=data["title"] or f"{data['download']['title']} {data['number']}",
        primary_file_id=primary_file_id,
    )
    return McDmVersionSerializer(context=_context()).to_representation(row)


def _category(download: Snapshot) -> dict[str, Any]:
    """Return the category of a download; old events do not contain its title."""
    if category := download.get("category"):
        return dict(category)
    row = Category.objects.filter(pk=download["category_id"]).first()
    return {"category_id": download["category_id"], "title": row.title if row else ""}


def _user(data: Snapshot, role: str) -> dict[str, Any] | None:
    """Return the user in a role; old events only contain the id."""
    if (user := data.get(role)) or data[f"{role}_id"] is None:
        return user
    row = User.objects.filter(pk=data[f"{role}_id"]).first()
    return {"user_id": row.pk, "username": row.get_username()} if row else None


def _current_version(download_id: int) -> Version | None:
    current = current_version_ids([download_id]).get(download_id)
    return Version.objects.filter(pk=current).first() if current else None


def _primary_file(version_id: int) -> int:
    rows = with_primary_file(Version.all_objects.filter(pk=version_id))
    return rows.values_list("primary_file_id", flat=True).first() or 0


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
