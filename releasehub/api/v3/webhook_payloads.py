"""The `data` of webhooks in the v3 format: the release or the file as the REST API shows it to its team.

The data comes from the snapshot in the event, so that later changes do not show. The files of a release are in no
snapshot: the worker reads them when it renders the body.

Source: v3 contract, "Webhooks".
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from downloads.models import Download
from files.models import Blob, File
from releasehub.accounts.models import User
from releasehub.api.common.loading import files_of
from releasehub.api.v3.serializers import V3ReleaseFileSerializer, V3ReleaseSerializer, account_of
from releasehub.core.actor import system_actor
from releasehub.core.site import site_url
from releasehub.webhooks.formats import register_renderer
from releasehub.webhooks.models import Endpoint, Event
from versions.models import Version

Snapshot = Mapping[str, Any]
COPIED_FIELDS = ("number", "channel", "title", "release_notes", "changelog", "platforms", "state", "visibility")


def register() -> None:
    """Register the renderers of this format with the webhooks app, which does not know the API."""
    register_renderer(Endpoint.Format.V3, "version", release_data)
    register_renderer(Endpoint.Format.V3, "file", release_file_data)
    register_renderer(Endpoint.Format.V3, "endpoint", test_data)


def release_data(event: Event) -> dict[str, Any]:
    version = _version(event.data, event.occurred_at)
    context = {"actor": system_actor(), "base_url": site_url(), "files": files_of(system_actor(), [version])}
    return V3ReleaseSerializer(context=context).to_representation(version)


def release_file_data(event: Event) -> dict[str, Any]:
    data = event.data
    file = File(
        public_id=data["public_id"],
        version=_version(data["version"], event.occurred_at),
        blob=Blob(pk=0, md5=data["md5"]) if data["md5"] is not None else None,
        filename=data["filename"],
        external_url=data["external_url"] or "",
        size_bytes=data["size_bytes"],
        download_count=data["download_count"],
        declared_checksum=data.get("declared_checksum", ""),
        is_secured=data.get("is_secured", False),
        **_times(data, event.occurred_at),
    )
    return V3ReleaseFileSerializer(context={"actor": system_actor(), "base_url": site_url()}).to_representation(file)


def test_data(event: Event) -> dict[str, Any]:
    return {"webhookId": event.data["endpoint_id"], "message": event.data["message"]}


def _version(data: Snapshot, occurred_at: datetime) -> Version:
    """Return the version as it was at the time of the event: a row that is never saved."""
    published_at = data["published_at"]
    return Version(
        pk=data["version_id"],
        public_id=data["public_id"],
        download=_download(data["download"]),
        channel_name=data.get("channel_name", ""),
        **{name: data[name] for name in COPIED_FIELDS},
        published_at=datetime.fromisoformat(published_at) if published_at else None,
        **_times(data, occurred_at),
    )


def _download(data: Snapshot) -> Download:
    account = User(public_id=data.get("account_id") or _account(data["download_id"]))
    return Download(pk=data["download_id"], public_id=data["public_id"], title=data["title"], owner=account)


def _account(download_id: int) -> str:
    """Return the account of a download, for events that are too old to contain it."""
    rows = Download.all_objects.select_related("organization", "owner")
    download = rows.filter(pk=download_id).first()
    return account_of(download) if download else ""


def _times(data: Snapshot, occurred_at: datetime) -> dict[str, datetime]:
    """Return the times of a row; old events do not contain them, so the time of the event stands in."""
    names = ("created_at", "updated_at")
    return {name: datetime.fromisoformat(data[name]) if name in data else occurred_at for name in names}
