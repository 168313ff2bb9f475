"""Publish local files as a version: create or reuse the draft, upload what is missing, and publish."""

from __future__ import annotations

from typing import Any, cast

from releasehub_cli import catalog
from releasehub_cli.digests import sha256
from releasehub_cli.errors import Exit, HubError
from releasehub_cli.http import Hub
from releasehub_cli.localfiles import LocalFile
from releasehub_cli.progress import Meter
from releasehub_cli.publish_request import PublishRequest, display_order, fields_of
from releasehub_cli.remote_files import check_uploaded, ensure_published, is_missing, note_more_files
from releasehub_cli.shapes import DownloadRow, FileRow, VersionRow, sha256_of
from releasehub_cli.upload_sessions import Job
from releasehub_cli.uploads import Uploader

PENDING = "pending"


def run(uploader: Uploader, request: PublishRequest, files: list[LocalFile], bars: Meter) -> dict[str, Any]:
    """Publish the files and return the result for `--json`."""
    hub = uploader.hub
    download = catalog.find_download(hub, request.download)
    digests = {file.name: sha256(file, bars) for file in files}
    rows = catalog.versions_with_number(hub, download, request.number, request.channel)
    version = catalog.one_version(rows, request.number) or _create(hub, download, request)
    remote = {row["filename"]: row for row in catalog.all_files(hub, version)}
    if version["is_published"]:
        ensure_published(version, remote, digests)
        catalog.warn_if_yanked(uploader.output, version)
        uploader.output.note(f"Version {request.number} is already published with these files: nothing to do.")
        note_more_files(uploader, remote, digests)
        return _result(download, version, remote, {})
    _update(hub, version, request)
    missing_files = [file for file in files if is_missing(uploader, file, digests, remote, replaces=request.replaces)]
    order = display_order(files)
    jobs = [
        Job(file, digests[file.name], version["version_id"], fields_of(request, file, order[file.name]))
        for file in missing_files
    ]
    uploaded = uploader.send_all(jobs)
    check_uploaded(uploader, version, digests)
    if request.is_security_release:  # before the publication, so that no client with a minimum age waits
        catalog.mark_security(hub, version)
    if not request.is_draft:
        _publish(hub, version)
    version, remote = _fresh(hub, version)
    if version["state"] == PENDING:
        uploader.output.note("A moderator must approve the version before it is published.")
    return _result(download, version, remote, uploaded)


def _create(hub: Hub, download: DownloadRow, request: PublishRequest) -> VersionRow:
    """Create a draft, or return the one that another job has created at the same time."""
    body = {
        "download_id": download["download_id"],
        "version_string": request.number,
        "state": "draft",
        **request.values,
        **({"channel": request.channel} if request.channel else {}),
    }
    try:
        created = hub.post(catalog.VERSIONS, body)["version"]
    except HubError as error:
        if error.exit_code != Exit.CONFLICT:
            raise
        rows = catalog.versions_with_number(hub, download, request.number, request.channel)
        if version := catalog.one_version(rows, request.number):
            return version
        raise
    return catalog.version_with_id(hub, created["version_id"])


def _publish(hub: Hub, version: VersionRow) -> None:
    """Publish the version, unless it waits for a moderator: then its author may do no more."""
    try:
        hub.post(f"{catalog.VERSIONS}{version['version_id']}/publish/")
    except HubError as error:
        if version["state"] != PENDING or error.status != 403:
            raise


def _update(hub: Hub, version: VersionRow, request: PublishRequest) -> None:
    """Update the title, the tag, the release notes and the rollout of an existing draft."""
    fields = cast("dict[str, Any]", version)
    names = {"title": "display_title"}
    changes = {name: value for name, value in request.values.items() if fields.get(names.get(name, name)) != value}
    if changes:
        hub.put(f"{catalog.VERSIONS}{version['version_id']}/", changes)


def _fresh(hub: Hub, version: VersionRow) -> tuple[VersionRow, dict[str, FileRow]]:
    version = catalog.version_with_id(hub, version["version_id"])
    return version, {row["filename"]: row for row in catalog.all_files(hub, version)}


def _result(
    download: DownloadRow, version: VersionRow, remote: dict[str, FileRow], uploaded: dict[str, FileRow]
) -> dict[str, Any]:
    files = [
        {
            "file_id": row["file_id"],
            "filename": name,
            "size_bytes": row["file_size"],
            "sha256": sha256_of(row),
            "platform": row["platform"],
            "architecture": row["architecture"],
            "done": "uploaded" if name in uploaded else "present",
        }
        for name, row in sorted(remote.items())
    ]
    return {
        "download": {"download_id": download["download_id"], "slug": catalog.slug_of(download)},
        "version": {
            "version_id": version["version_id"],
            "version_string": version["version_string"],
            "channel": version["channel"],
            "state": version["state"],
            "url": catalog.page_of(download, version),
        },
        "files": files,
        "published": version["is_published"],
    }
