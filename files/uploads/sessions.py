"""Uploads straight to storage: begin, sign parts, complete, abort. `files.uploads.verification` does the rest.

Nothing here talks to the storage inside a transaction.
"""

from typing import Any

from django.conf import settings
from django.db import transaction

from downloads.models import Download
from files.models import UploadSession
from files.names import clean_name
from files.quotas import check_room, check_user_quota, lock_quota
from files.services import check_new_file
from files.storage import Incoming, blob_storage
from files.uploads.parts import plan_parts
from files.usage import reserved_bytes
from releasehub.accounts.models import User
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.verification import has_usable_key
from releasehub.core.actor import Actor, Origin
from releasehub.core.errors import Denied, ErrorCode, NotFound, Rejected
from releasehub.core.querysets import first_or_not_found
from versions.models import Version
from versions.policies import version_policy
from versions.services import lock_version


def check_begin(*, actor: Actor, version: Version | None, filename: str, size_bytes: int, sha256: str = "") -> str:
    """Run all checks that are possible before the first byte is sent, and return the name to store.

    Raises:
        DomainError: As `check_new_file`.
        NotFound: An anonymous actor begins an upload without a version.
    """
    if version is not None:
        return check_new_file(
            actor=actor, version=version, filename=filename, size_bytes=size_bytes, sha256=sha256.lower()
        )
    if actor.user is None and not actor.is_superuser:
        raise NotFound
    if settings.MAX_FILE_BYTES and size_bytes > settings.MAX_FILE_BYTES:
        message = (
            f"The file has {size_bytes} bytes, but the limit is {settings.MAX_FILE_BYTES} bytes. Choose a smaller file."
        )
        raise Rejected(ErrorCode.FILE_TOO_LARGE, message, field="size_bytes", limit=settings.MAX_FILE_BYTES)
    if actor.user is not None:
        check_user_quota(actor.user, max(size_bytes, 1))
    return clean_name(filename)


def open_incoming(*, size_bytes: int, part_bytes: int | None) -> Incoming:
    """Reserve a storage key for the upload. This calls the storage, so call it outside a transaction."""
    return blob_storage().begin_incoming(size_bytes=size_bytes, part_bytes=plan_parts(size_bytes, part_bytes))


@transaction.atomic
def begin_upload(
    *,
    actor: Actor,
    version: Version | None,
    filename: str,
    incoming: Incoming,
    sha256: str = "",
    package_of: Download | None = None,
    **fields: Any,
) -> UploadSession:
    """Create the session of an upload into `incoming`. `sha256` is in hex, or empty if the client does not know it.

    The upload reserves its bytes in the quotas (`files/quotas.py`).

    Args:
        package_of: The download, if the upload is for a version that does not exist yet. The caller has locked it.

    Raises:
        DomainError: As `check_begin`.
    """
    if version is not None:
        version = lock_version(version)
    download = version.download if version else package_of
    if (owner := download.owner if download else actor.user) is not None:
        lock_quota(owner)
    size_bytes = reserved_bytes(incoming.size_bytes, is_open_ended=incoming.is_open_ended)
    if package_of is not None:
        check_room(package_of, size_bytes)
        name = clean_name(filename)
    else:
        name = check_begin(actor=actor, version=version, filename=filename, size_bytes=size_bytes, sha256=sha256)
    return UploadSession.objects.create(
        user=actor.user,
        acting={
            "channel": actor.origin,
            "is_super_key": actor.is_super_key,
            "api_key_id": actor.api_key_id,
            "request_id": actor.request_id,
            "address": actor.address,
        },
        version=version,
        filename=name,
        fields=fields,
        size_bytes=incoming.size_bytes,
        sha256=sha256.lower(),
        is_open_ended=incoming.is_open_ended,
        part_bytes=incoming.part_bytes,
        storage_key=incoming.key,
        multipart_id=incoming.multipart_id,
    )


def find_upload(actor: Actor, public_id: str) -> UploadSession:
    """Return the upload session, if the actor may upload to its version, or started it without a version.

    Raises:
        NotFound: No such upload is visible to the actor.
        Denied: The actor may see the version, but not upload to it.
    """
    rows = UploadSession.objects.select_related("version__download__category", "user", "file")
    upload = first_or_not_found(rows.filter(public_id=public_id))
    _ensure_may_upload(actor, upload)
    return upload


def find_receiver(storage_key: str) -> UploadSession | None:
    """Return the open upload that receives the parts below a storage key, or None."""
    rows = UploadSession.objects.select_related("version__download__category", "user")
    return rows.filter(storage_key=storage_key, state=UploadSession.State.CREATED).first()


def may_still_upload(upload: UploadSession) -> bool:
    """Return whether the uploader still has the right, and a key with the scope, that the signed URLs were made with.

    Only the native and the entity dialect sign URLs, and the uploads of the latter have no version.
    """
    actor = actor_of_upload(upload)
    try:
        _ensure_may_upload(actor, upload)
    except (NotFound, Denied):
        return False
    scopes = [Scope.DOWNLOAD_WRITE] if upload.version else [Scope.DOWNLOAD_WRITE, Scope.ENTITIES_PUBLISH]
    return has_usable_key(actor, scopes)


def _ensure_may_upload(actor: Actor, upload: UploadSession) -> None:
    if upload.version is not None:
        version_policy.ensure("upload", actor, upload.version)
    elif not actor.is_superuser and (actor.user_id is None or actor.user_id != upload.user_id):
        raise NotFound


def actor_of_upload(upload: UploadSession) -> Actor:
    """Return the actor who started the upload, for the worker that finishes it on their behalf."""
    acting = dict(upload.acting)
    user: User | None = upload.user
    origin = Origin(acting.pop("channel", Origin.API))
    return Actor(user=user if user and user.is_active else None, origin=origin, **acting)
