"""Find the key that a request presents, and check that it is usable."""

from collections.abc import Collection
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from releasehub.apikeys import secrets
from releasehub.apikeys.models import ApiKey
from releasehub.audit.rights_cache import cached_right
from releasehub.core.actor import Actor
from releasehub.core.errors import DomainError, ErrorCode
from releasehub.core.read_only import is_read_only
from releasehub.core.sql_templates import SqlTemplate

INACTIVE = "This API key was revoked or has expired, or its user no longer has the necessary rights. Create a new key."
LAST_USED_INTERVAL = timedelta(minutes=1)
_by_digest: SqlTemplate[ApiKey] = SqlTemplate(
    lambda digest: ApiKey.objects.select_related("user").filter(digest=digest).order_by(), digest="a digest"
)


class UnknownKey(DomainError):
    """The key does not exist."""


class InactiveKey(DomainError):
    """The key was revoked or has expired, or its user lacks the necessary rights."""


def verify_key(secret: str, *, is_cacheable: bool = False) -> ApiKey:
    """Return the key with its user. This takes one query, or none if the text cannot be a key.

    Args:
        is_cacheable: Whether the key may be up to a second old, see `releasehub.audit.rights_cache`.

    Raises:
        UnknownKey: The key does not exist.
        InactiveKey: The key was revoked or has expired, or its user lacks the necessary rights.
    """
    if not secrets.is_well_formed(secret):
        raise UnknownKey(ErrorCode.NOT_FOUND, "API key provided in request was not found.")
    digest = secrets.digest(secret)
    key = cached_right(f"key:{digest}", lambda: _load(digest)) if is_cacheable else _load(digest)
    if key is None:
        raise UnknownKey(ErrorCode.NOT_FOUND, "API key provided in request was not found.")
    if not key.is_usable:  # asked of a cached key as well, so that it expires on time
        raise InactiveKey(ErrorCode.NOT_ALLOWED, INACTIVE)
    return key


def has_usable_key(actor: Actor, scopes: Collection[str]) -> bool:
    """Return whether the actor of an earlier request uses no API key, or a usable one with at least one of the scopes.

    A super-user key needs no scope.
    """
    if actor.api_key_id is None:
        return True
    key = ApiKey.objects.select_related("user").filter(pk=actor.api_key_id).first()
    return key is not None and key.is_usable and (key.is_super_user or not set(scopes).isdisjoint(key.scopes))


def _load(digest: str) -> ApiKey | None:
    """Return the key with its user, and record that it was used."""
    key = _by_digest.first(digest=digest)
    if key is not None and key.is_usable:
        _record_use(key)
    return key


def _record_use(key: ApiKey) -> None:
    """Record that the key was used. It is written at most once a minute, however many processes use the key."""
    now = timezone.now()
    if (key.last_used_at is None or key.last_used_at < now - LAST_USED_INTERVAL) and not is_read_only():
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_INTERVAL)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
