"""Access keys: issue, revoke, and what one opens. Here and not beside their model, because they speak of versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from downloads.exposure import exposure_change
from downloads.models import AccessKey, AccessKeyUse, Download
from downloads.policies import access_key_policy, download_policy
from downloads.services import lock_download
from releasehub.apikeys import secrets
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, ErrorCode, Invalid
from versions.numbering import InvalidNumber, ceiling

USE_LIFETIME = timedelta(hours=1)
TRANSFERS_PER_USE = 3


class KeyRefused(Denied):
    """An access key that opens nothing, or nothing any more."""


@transaction.atomic
def issue_access_key(
    *,
    actor: Actor,
    download: Download,
    name: str,
    expires_at: datetime | None = None,
    uses: int | None = None,
    highest_number: str = "",
) -> tuple[AccessKey, str]:
    """The key and its secret, which exists only in this answer.

    `uses`: how many downloads it is good for; None = any number. `highest_number`: it opens no version above, where
    1.4 includes 1.4.9; empty = all.
    Errors: NotFound, Denied; Invalid for an expiry in the past, no uses at all, or what is no version.
    """
    download_policy.ensure("manage_access_keys", actor, download)
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid(ErrorCode.INVALID, "The expiry lies in the past.", field="expires_at")
    if uses is not None and uses < 1:
        raise Invalid(ErrorCode.INVALID, "A key is good for at least one download.", field="uses")
    _check_highest(highest_number, download.version_scheme)
    secret = secrets.new_secret(secrets.ACCESS_KEY)
    with exposure_change(lock_download(download.pk)):
        key = AccessKey.objects.create(
            download=download,
            name=name,
            digest=secrets.digest(secret),
            prefix=secret[: secrets.DISPLAY_LENGTH],
            expires_at=expires_at,
            uses_left=uses,
            highest_number=highest_number,
            created_by=actor.grantor,
        )
    changes = {
        "download": download.pk,
        "expires_at": expires_at.isoformat() if expires_at else None,
        "uses": uses,
        "highest_number": highest_number,
    }
    audit.record(actor=actor, action=AuditAction.ACCESS_KEY_ISSUE, target=key, changes=changes)
    return key, secret


@transaction.atomic
def revoke_access_key(*, actor: Actor, key: AccessKey) -> None:
    """In force with the next request. Revoking twice is harmless.  Errors: NotFound, Denied."""
    access_key_policy.ensure("revoke", actor, key)
    if AccessKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit.record(actor=actor, action=AuditAction.ACCESS_KEY_REVOKE, target=key)
    key.refresh_from_db()


def open_with_secret(actor: Actor, secret: str) -> AccessKey:
    """Let the actor see and download what the key opens. One query, none for a typo.

    Errors: KeyRefused when it opens nothing.
    """
    key = None
    if secrets.is_well_formed(secret, secrets.ACCESS_KEY):
        key = AccessKey.objects.in_force().filter(digest=secrets.digest(secret)).first()
    if key is None or not key.is_usable:
        raise KeyRefused("This access key is unknown, revoked or expired.")
    _open(actor, key)
    return key


def open_with_ids(actor: Actor, key_ids: Iterable[int]) -> list[AccessKey]:
    """The same for keys that were presented before; those that open nothing any more are left out."""
    keys = [key for key in AccessKey.objects.in_force().filter(pk__in=key_ids) if key.is_usable]
    for key in keys:
        _open(actor, key)
    return keys


def presented_key(actor: Actor, download_id: int) -> AccessKey | None:
    """What the actor opened the download with."""
    key: AccessKey | None = actor.facts.get(("access_key", download_id))
    return key


def needed_key(actor: Actor, download: Download) -> AccessKey | None:
    """The key without which the actor would not see the download; None when they see it anyway."""
    key = presented_key(actor, download.pk)
    return None if key is None or download_policy.can_view(without_keys(actor), download) else key


def without_keys(actor: Actor) -> Actor:
    """The same actor as if none had been presented."""
    return replace(actor, granted_download_ids=frozenset())


@transaction.atomic
def spend_use(key: AccessKey, *, file_id: int, visitor: str, granted_bytes: int, file_bytes: int) -> None:
    """Pay for `granted_bytes` of a file, with one use of the key unless the visitor has paid for the file already.

    A use pays for `TRANSFERS_PER_USE` times the bytes of the file within an hour, so that retries, resumed transfers
    and parallel ranges of one visitor cost one use, and a key with N uses never gives a file away more often than
    N times that. The row of the key is locked, so that parallel requests cannot spend the last use twice.

    Raises:
        KeyRefused: No use is left, or the key was revoked or expired meanwhile.
    """
    if key.uses_left is None:
        return
    locked = AccessKey.objects.select_for_update().filter(pk=key.pk).first()
    if locked is None or not locked.is_usable:
        raise KeyRefused("This access key is unknown, revoked or expired.")
    now = timezone.now()
    paid = AccessKeyUse.objects.filter(
        access_key=locked, file_id=file_id, visitor=visitor, spent_at__gt=now - USE_LIFETIME
    )
    limit = file_bytes * TRANSFERS_PER_USE - granted_bytes
    if limit >= 0 and paid.filter(granted_bytes__lte=limit).update(granted_bytes=F("granted_bytes") + granted_bytes):
        return
    if not AccessKey.objects.filter(pk=key.pk, uses_left__gt=0).update(uses_left=F("uses_left") - 1):
        raise KeyRefused("This access key is used up.")
    AccessKeyUse.objects.update_or_create(
        access_key=locked,
        file_id=file_id,
        visitor=visitor,
        defaults={"granted_bytes": granted_bytes, "spent_at": now},
    )


def forget_old_uses() -> int:
    """Remove uses that pay for nothing any more; return how many."""
    return AccessKeyUse.objects.filter(spent_at__lte=timezone.now() - USE_LIFETIME).delete()[0]


def _open(actor: Actor, key: AccessKey) -> None:
    actor.facts["access_key", key.download_id] = key
    actor.granted_download_ids |= {key.download_id}


def _check_highest(number: str, scheme: str) -> None:
    try:
        ceiling(number, scheme) if number else b""
    except InvalidNumber as error:
        raise Invalid(ErrorCode.VERSION_NUMBER_INVALID, str(error), field="highest_number") from error
