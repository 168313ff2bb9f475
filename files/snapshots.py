"""The representation of a file in an event."""

from typing import Any

from files.models import File
from versions.snapshots import version_snapshot


def file_snapshot(file: File) -> dict[str, Any]:
    blob = file.blob
    return {
        "file_id": file.pk,
        "public_id": file.public_id,
        "version_id": file.version_id,
        "download_id": file.version.download_id,
        "filename": file.filename,
        "display_label": file.display_label,
        "platform": file.platform,
        "architecture": file.architecture,
        "kind": file.kind,
        "size_bytes": file.size_bytes,
        "sha256": blob.sha256 if blob else None,
        "sha512": blob.sha512 if blob else None,
        "md5": blob.md5 if blob else None,
        "mime_type": blob.mime_type if blob else None,
        "external_url": file.external_url or None,
        "external_sha256": file.external_sha256 or None,
        "external_type": file.external_type or None,
        "is_link_only": file.is_link_only,
        "is_secured": file.is_secured,
        "declared_checksum": file.declared_checksum,
        "is_primary": file.is_primary,
        "display_order": file.display_order,
        "validation_status": file.validation_status,
        "findings": file.failures,
        "is_quarantined": file.quarantine_id is not None,
        "download_count": file.download_count,
        "created_at": file.created_at.isoformat(),
        "updated_at": file.updated_at.isoformat(),
        "is_deleted": file.is_deleted,
        "version": version_snapshot(file.version),
    }
