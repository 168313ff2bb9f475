"""Services for access keys: issue, revoke, check and spend them.

They live here and not next to the model in `downloads`, because they depend on `versions`.
"""

from __future__ import annotations

import re
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
from releasehub.apikeys.expiring import check_expiry, digest_fields
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, DomainError, ErrorCode, Invalid, NotFound
from versions.numbering import InvalidNumber, ceiling

USE_LIFETIME = timedelta(hours=1)
TRANSFERS_PER_USE = 3
MIN_OWN_CHARACTERS = 12
MAX_OWN_CHARACTERS = 200
IMPORTED = "imported"  # the prefix of a key with a text of its own
_OWN_TEXT = re.compile(rf"[!-~]{{{MIN_OWN_CHARACTERS},{MAX_OWN_CHARACTERS}}}")


class KeyRefused(Denied):
    """Raised for an access key that is unknown, revoked, expired or used up."""


@transaction.atomic
def issue_access_key(
    *,
    actor: Actor,
    download: Download,
    name: str,
    expires_at: datetime | None = None,
    uses: int | None = None,
    highest_number: str = "",
    own_text: str = "",
    version_id: int | None = None,
) -> tuple[AccessKey, str]:
    """Create an access key and return it with its secret. Only a digest of the secret is stored.

    Args:
        uses: The number of downloads that the key allows, or None for an unlimited number.
        highest_number: The highest version that the key opens; 1.4 includes 1.4.9. Empty means every version.
        own_text: The secret of a key that exists elsewhere already. By default, a random one is made.
        version_id: The only version that the key shows, see `releasehub.distribution.preview_links`.

    Raises:
        NotFound: The download is not visible to the actor.
        Denied: The actor may not manage access keys of the download.
        Invalid: The expiry is in the past, `uses` is below 1, `highest_number` is not a version number, or `own_text`
            cannot be a key.
        Conflict: A key with this text exists already.
    """
    download_policy.ensure("manage_access_keys", actor, download)
    check_key_fields(download, expires_at=expires_at, uses=uses, highest_number=highest_number)
    secret = own_text or secrets.new_secret(secrets.ACCESS_KEY)
    derived_fields = digest_fields(secret)
    if own_text:
        check_own_text(own_text)
        # The beginning of a text of its own is not shown: the text may be short, and its beginning half of it.
        derived_fields["prefix"] = IMPORTED
        if AccessKey.objects.filter(digest=derived_fields["digest"]).exists():
            raise Conflict(ErrorCode.CONFLICT, "A key with this text exists already. Send another one.", field="key")
    with exposure_change(lock_download(download.pk)):
        key = AccessKey.objects.create(
            download=download,
            name=name,
            expires_at=expires_at,
            uses_left=uses,
            highest_number=highest_number,
            version_id=version_id,
            created_by=actor.grantor,
            **derived_fields,
        )
    changes = {
        "download": download.pk,
        "expires_at": expires_at.isoformat() if expires_at else None,
        "uses": uses,
        "highest_number": highest_number,
    } | ({"is_imported": True} if own_text else {})
    if version_id is not None:
        changes["version"] = version_id
    audit.record(actor=actor, action=AuditAction.ACCESS_KEY_ISSUE, target=key, changes=changes)
    return key, secret


@transaction.atomic
def revoke_access_key(*, actor: Actor, key: AccessKey) -> None:
    """Revoke the key with effect from the next request. Revoking a key twice has no effect.

    Raises:
        NotFound: The key is not visible to the actor.
        Denied: The actor may not revoke it.
    """
    access_key_policy.ensure("revoke", actor, key)
    if key.mark_revoked():
        audit.record(actor=actor, action=AuditAction.ACCESS_KEY_REVOKE, target=key)


def check_key_fields(download: Download, *, expires_at: datetime | None, uses: int | None, highest_number: str) -> None:
    """Check the limits of a new key.

    Raises:
        Invalid: The expiry is in the past, `uses` is below 1, or `highest_number` is not a version number.
    """
    check_expiry(expires_at)
    if uses is not None and uses < 1:
        raise Invalid(
            ErrorCode.INVALID,
            f"uses is {uses}, but must be at least 1. Leave it out for an unlimited number of downloads.",
            field="uses",
        )
    _check_highest(highest_number, download.version_scheme)


def check_own_text(text: str) -> None:
    """Check the secret of a key that is imported.

    Raises:
        Invalid: It is too short to be safe, too long, begins like the keys of the hub, or has spaces in it.
    """
    if not is_own_text(text):
        raise Invalid(
            ErrorCode.INVALID,
            f"A key has {MIN_OWN_CHARACTERS} to {MAX_OWN_CHARACTERS} ASCII characters without spaces, and does not "
            "begin with rh_ or rhk_. Use another text.",
            field="key",
        )


def is_own_text(text: str) -> bool:
    """Return whether an imported key may have this text."""
    return bool(_OWN_TEXT.fullmatch(text)) and not text.startswith((secrets.API_KEY, secrets.ACCESS_KEY))


def open_if_valid(actor: Actor, secret: str) -> AccessKey | None:
    """Open what the key opens. A key that is refused is ignored, as long as the actor needs no key.

    `not_found_for` explains the refusal if the actor does not see what the key should open.
    """
    try:
        return open_with_secret(actor, secret) if secret else None
    except KeyRefused as refusal:
        actor.facts["refused_access_key"] = refusal
        return None


def not_found_for(actor: Actor, message: str = "") -> DomainError:
    """Return the error for something that the actor does not see: its key was refused, or there is no such thing.

    A refused key has the same answer for all that the actor does not see, so that the answer does not tell what exists.
    """
    refusal: KeyRefused | None = actor.facts.get("refused_access_key")
    return refusal or (NotFound(message) if message else NotFound())


def open_with_secret(actor: Actor, secret: str) -> AccessKey:
    """Let the actor see and download what the key opens. A malformed key is rejected without a query.

    Raises:
        KeyRefused: The key is unknown, revoked, expired or used up.
    """
    key = None
    if secrets.is_well_formed(secret, secrets.ACCESS_KEY) or is_own_text(secret):
        key = AccessKey.objects.opening_downloads().filter(digest=secrets.digest(secret)).first()
    if key is None or not key.is_usable:
        raise KeyRefused(
            "This access key is unknown, revoked or expired. Ask the publisher of the download for a new one."
        )
    _open(actor, key)
    return key


def open_with_ids(actor: Actor, key_ids: Iterable[int]) -> list[AccessKey]:
    """Open keys that the visitor presented earlier, and return those that are still usable."""
    keys = [key for key in AccessKey.objects.opening_downloads().filter(pk__in=key_ids) if key.is_usable]
    for key in keys:
        _open(actor, key)
    return keys


def presented_key(actor: Actor, download_id: int) -> AccessKey | None:
    """Return the access key that the actor presented for the download, if any."""
    key: AccessKey | None = actor.facts.get(("access_key", download_id))
    return key


def needed_key(actor: Actor, download: Download) -> AccessKey | None:
    """Return the key if the actor can see the download only because of it, else None."""
    key = presented_key(actor, download.pk)
    return None if key is None or download_policy.can_view(without_keys(actor), download) else key


def without_keys(actor: Actor) -> Actor:
    """Return a copy of the actor without the access that its access keys grant."""
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
    # The lock serializes parallel requests, so that two of them cannot spend the same last use.
    locked = AccessKey.objects.select_for_update().filter(pk=key.pk).first()
    if locked is None or not locked.is_usable:
        raise KeyRefused(
            "This access key is unknown, revoked or expired. Ask the publisher of the download for a new one."
        )
    now = timezone.now()
    uses = AccessKeyUse.objects.filter(
        access_key=locked, file_id=file_id, visitor=visitor, spent_at__gt=now - USE_LIFETIME
    )
    # A conditional update: it adds the bytes only if the use that is already paid for still covers them.
    limit = file_bytes * TRANSFERS_PER_USE - granted_bytes
    if limit >= 0 and uses.filter(granted_bytes__lte=limit).update(granted_bytes=F("granted_bytes") + granted_bytes):
        return
    if not AccessKey.objects.filter(pk=key.pk, uses_left__gt=0).update(uses_left=F("uses_left") - 1):
        raise KeyRefused("This access key has no downloads left. Ask the publisher of the download for a new one.")
    AccessKeyUse.objects.update_or_create(
        access_key=locked,
        file_id=file_id,
        visitor=visitor,
        defaults={"granted_bytes": granted_bytes, "spent_at": now},
    )


def forget_old_uses() -> int:
    """Delete uses that no longer cover repeated transfers, and return their number."""
    return AccessKeyUse.objects.filter(spent_at__lte=timezone.now() - USE_LIFETIME).delete()[0]


def _open(actor: Actor, key: AccessKey) -> None:
    """Grant the actor the download of the key for the rest of the request, and remember which key opened it."""
    actor.facts["access_key", key.download_id] = key
    actor.granted_download_ids |= {key.download_id}


def _check_highest(number: str, scheme: str) -> None:
    """Raise Invalid if the highest version of a key is given but is not a version number."""
    try:
        ceiling(number, scheme) if number else b""
    except InvalidNumber as error:
        raise Invalid(ErrorCode.VERSION_NUMBER_INVALID, str(error), field="highest_number") from error
