"""Find the key that a request presents, and check that it is usable."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from releasehub.apikeys import secrets
from releasehub.apikeys.models import ApiKey
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


def verify_key(secret: str) -> ApiKey:
    """Return the key with its user. This takes one query, or none if the text cannot be a key.

    Raises:
        UnknownKey: The key does not exist.
        InactiveKey: The key was revoked or has expired, or its user lacks the necessary rights.
    """
    if not secrets.is_well_formed(secret):
        raise UnknownKey(ErrorCode.NOT_FOUND, "API key provided in request was not found.")
    key = _by_digest.first(digest=secrets.digest(secret))
    if key is None:
        raise UnknownKey(ErrorCode.NOT_FOUND, "API key provided in request was not found.")
    if not key.is_usable:
        raise InactiveKey(ErrorCode.NOT_ALLOWED, INACTIVE)
    _record_use(key)
    return key


def _record_use(key: ApiKey) -> None:
    """Record that the key was used. It is written at most once a minute, however many processes use the key."""
    now = timezone.now()
    if (key.last_used_at is None or key.last_used_at < now - LAST_USED_INTERVAL) and not is_read_only():
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - LAST_USED_INTERVAL)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
