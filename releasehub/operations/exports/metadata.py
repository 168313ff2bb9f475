"""The metadata in an exported tree. Members may be added; a change of their meaning raises `FORMAT_VERSION`."""

from datetime import date, datetime
from typing import Any

from downloads.models import Download
from files.models import File
from releasehub.operations.exports.layout import DOWNLOAD_FORMAT, EXPORT_FORMAT, FORMAT_VERSION, VERSION_FORMAT
from versions.models import Version

Metadata = dict[str, Any]


def export_metadata(downloads: list[Metadata], *, is_private: bool, is_complete: bool, hub_url: str) -> Metadata:
    return {
        "format": EXPORT_FORMAT,
        "format_version": FORMAT_VERSION,
        "hub_url": hub_url,
        "contains_private": is_private,
        "is_complete": is_complete,
        "downloads": downloads,
    }


def download_entry(download: Download, path: str) -> Metadata:
    return {"slug": download.slug, "title": download.title, "tag_line": download.tag_line, "path": path}


def download_metadata(download: Download, latest: Version | None, versions: list[Metadata]) -> Metadata:
    return {
        "format": DOWNLOAD_FORMAT,
        "format_version": FORMAT_VERSION,
        "slug": download.slug,
        "title": download.title,
        "tag_line": download.tag_line,
        "description": download.description,
        "category": {"slug": download.category.slug, "title": download.category.title},
        "organization": download.organization.name if download.organization else None,
        "prefix": download.prefix.title if download.prefix else None,
        "kind": download.kind,
        "license": download.license,
        "tags": download.tags,
        "homepage_url": download.homepage_url,
        "source_url": download.source_url,
        "visibility": download.visibility,
        "state": download.state,
        "default_channel": download.default_channel,
        "version_scheme": download.version_scheme,
        "created_at": _moment(download.created_at),
        "latest": latest.number if latest else None,
        "versions": versions,
    }


def version_entry(version: Version, folder: str, metadata_name: str) -> Metadata:
    """Return the entry of a version in the metadata of its download. Paths are relative to that metadata."""
    return {
        "number": version.number,
        "channel": version.shown_channel,
        "platforms": version.platforms,
        "released_at": _moment(version.released_at),
        "is_yanked": version.is_yanked,
        "path": f"{folder}/",
        "metadata": f"{folder}/{metadata_name}",
    }


def version_metadata(version: Version, files: list[Metadata], names: dict[str, str | None]) -> Metadata:
    """Return the metadata of a version.

    Args:
        names: The names of the generated files: `notes`, `changelog` and `checksums`. None if there is no such file.
    """
    base = version.base_version
    return {
        "format": VERSION_FORMAT,
        "format_version": FORMAT_VERSION,
        "number": version.number,
        "tag": version.tag,
        "commitish": version.commitish,
        "title": version.title,
        "channel": version.shown_channel,
        "platforms": version.platforms,
        "is_prerelease": version.is_prerelease,
        "state": version.state,
        "visibility": version.visibility,
        "created_at": _moment(version.created_at),
        "published_at": _moment(version.published_at),
        "publish_at": _moment(version.publish_at),
        "is_sealed": version.sealed_at is not None,
        "yanked_at": _moment(version.yanked_at),
        "yank_reason": version.yank_reason,
        "end_of_support": _moment(version.end_of_support),
        "changelog_url": version.changelog_url,
        "release_page_url": version.release_page_url,
        "service_dependencies": version.service_dependencies,
        "package_manifest": version.package_manifest,
        "source_hash": version.source_hash,
        "base_version": base.number if base else None,
        "download_count": version.download_count,
        **names,
        "files": files,
    }


def file_metadata(file: File) -> Metadata:
    """Return the metadata of a file. Its path is its name; a link to another server has no path but `external_url`."""
    blob = file.blob
    return {
        "filename": file.filename,
        "path": file.filename if blob else None,
        "external_url": file.external_url or None,
        "size_bytes": file.size_bytes,
        "sha256": file.sha256 or None,
        "sha512": file.sha512 or None,
        "mime_type": (blob.mime_type if blob else file.external_type) or None,
        "kind": file.kind,
        "label": file.display_label,
        "platform": file.platform,
        "architecture": file.architecture,
        "is_primary": file.is_primary,
        "is_primary_choice": file.is_primary_choice,
        "is_secured": file.is_secured,
        "display_order": file.display_order,
        "download_count": file.download_count,
    }


def _moment(value: datetime | date | None) -> str | None:
    return value.isoformat() if value else None
