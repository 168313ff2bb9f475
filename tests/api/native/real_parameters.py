from typing import Any

from files.models import File
from files.uploads.sessions import begin_upload, open_incoming
from releasehub.accounts.models import Invitation
from releasehub.accounts.services import invite
from releasehub.distribution.access_keys import issue_access_key
from tests.factories import make_picture, system

PREFIXES = (
    "/api/uploads/",
    "/api/access-keys/",
    "/api/updates/",
    "/api/whoami",
    "/api/files/",
    "/api/versions/",
    "/api/invitations/",
    "/api/downloads/",
    "/api/pictures/",
)


def real_parameters(file: File, operation: str) -> dict[str, Any]:
    """Return the ids of existing rows; the upload has not received its parts."""
    download = file.version.download
    if "uploads" in operation:
        incoming = open_incoming(size_bytes=3, part_bytes=None)
        upload = begin_upload(actor=system(), version=file.version, filename="up.bin", incoming=incoming)
        return {"public_id": upload.public_id}
    if "versions" in operation:
        return {"public_id": file.version.public_id}
    if "files" in operation:
        return {"public_id": file.public_id}
    if "/api/pictures/" in operation:
        return {"public_id": make_picture(download).public_id}
    if any(word in operation for word in ("transfer", "statistics", "pictures")):
        return {"download_id": download.pk}
    if "invitations" in operation:
        rights, kind = ["can_upload"], Invitation.Kind.TEAM
        invitation = invite(actor=system(), kind=kind, target=download, invited="guest", rights=rights)
        return {"public_id": invitation.public_id}
    key, _ = issue_access_key(actor=system(), download=download, name="somebody")
    return {"public_id": key.public_id, "slug": download.slug}
