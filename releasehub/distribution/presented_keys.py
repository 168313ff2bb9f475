"""Open downloads with the access keys that a visitor presents, and spend their uses."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from downloads.models import AccessKey, AccessKeyUse, Download
from downloads.policies import download_policy
from releasehub.apikeys import secrets
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, DomainError, NotFound
from releasehub.distribution.access_keys import is_own_text

USE_LIFETIME = timedelta(hours=1)
TRANSFERS_PER_USE = 3
NOT_USABLE = "This access key is unknown, revoked or expired. Ask the publisher of the download for a new one."


class KeyRefused(Denied):
    """Raised for an access key that is unknown, revoked, expired or used up."""


def open_if_valid(actor: Actor, secret: str) -> bool:
    """Open what the secret opens, and return whether it opens something.

    A secret that is refused is ignored, as long as the actor needs no key. `not_found_for` explains the refusal if the
    actor does not see what the secret should open. `presented_key` returns the key of one download.
    """
    try:
        return bool(secret and open_with_secret(actor, secret))
    except KeyRefused as refusal:
        actor.facts["refused_access_key"] = refusal
        return False


def not_found_for(actor: Actor, message: str = "") -> DomainError:
    """Return the error for something that the actor cannot see: the key was refused, or nothing was found.

    A refused key has the same answer for all that the actor does not see, so that the answer does not tell what exists.
    """
    refusal: KeyRefused | None = actor.facts.get("refused_access_key")
    return refusal or (NotFound(message) if message else NotFound())


def open_with_secret(actor: Actor, secret: str) -> list[AccessKey]:
    """Let the actor see and download what the secret opens, and return its usable keys, the oldest first.

    These are several if publishers have imported the same text for several downloads. A malformed secret is rejected
    without a query.

    Raises:
        KeyRefused: No key has this text, or all that have it are revoked, expired or used up.
    """
    keys: list[AccessKey] = []
    if secrets.is_well_formed(secret, secrets.ACCESS_KEY) or is_own_text(secret):
        rows = AccessKey.objects.opening_downloads().filter(digest=secrets.digest(secret)).order_by("pk")
        keys = [key for key in rows if key.is_usable]
    if not keys:
        raise KeyRefused(NOT_USABLE)
    for key in keys:
        _open(actor, key)
    return keys


def open_with_ids(actor: Actor, key_ids: Iterable[int]) -> list[AccessKey]:
    """Open keys that the visitor presented earlier, and return those that are still usable."""
    keys = [key for key in AccessKey.objects.opening_downloads().filter(pk__in=key_ids) if key.is_usable]
    for key in keys:
        _open(actor, key)
    return keys


def presented_key(actor: Actor, download_id: int) -> AccessKey | None:
    """Return the access key that the actor presented for the download, if any."""
    return actor.facts.get(("access_key", download_id))


def needed_key(actor: Actor, download: Download) -> AccessKey | None:
    """Return the key if the actor can see the download only because of it, else None."""
    key = presented_key(actor, download.pk)
    return None if key is None or download_policy.can_view(without_keys(actor), download) else key


def without_keys(actor: Actor) -> Actor:
    """Return the actor without the access that its access keys grant."""
    return replace(actor, granted_download_ids=frozenset()) if actor.granted_download_ids else actor


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
        raise KeyRefused(NOT_USABLE)
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
