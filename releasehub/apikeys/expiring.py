"""The rules that API keys and access keys share: a secret is stored as a digest, and it can expire or be revoked."""

from datetime import datetime

from django.db import models
from django.db.models import Expression, Q
from django.utils import timezone

from releasehub.apikeys import secrets
from releasehub.core.errors import Invalid
from releasehub.core.models import TimeStampedModel


class ExpiringSecret(TimeStampedModel):
    """A row that stands for a secret. A copy of the database does not contain the secret itself."""

    name = models.CharField(max_length=100)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    prefix = models.CharField(max_length=8, editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @property
    def is_usable(self) -> bool:
        """Return whether the secret is valid: neither revoked nor expired."""
        return self.revoked_at is None and not self.is_expired

    def mark_revoked(self) -> bool:
        """Revoke the secret for good. Return False if another request has already revoked it."""
        rows = type(self)._base_manager.filter(pk=self.pk, revoked_at=None)
        is_changed = bool(rows.update(revoked_at=timezone.now()))
        self.refresh_from_db()
        return is_changed


def is_expired(now: Expression | datetime) -> Q:
    """Match the rows for which `ExpiringSecret.is_expired` is true."""
    return Q(expires_at__isnull=False, expires_at__lte=now)


def is_usable(now: Expression | datetime) -> Q:
    """Match the rows for which `ExpiringSecret.is_usable` is true."""
    return Q(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


def digest_fields(secret: str) -> dict[str, str]:
    """Return the fields of a new row that are derived from its secret."""
    return {"digest": secrets.digest(secret), "prefix": secret[: secrets.DISPLAY_CHARACTERS]}


def check_expiry(expires_at: datetime | None) -> None:
    """Check the expiry of a secret that is issued or changed."""
    if expires_at is not None and expires_at <= timezone.now():
        raise Invalid(f"The expiry {expires_at.isoformat()} is in the past. Choose a later time.", field="expires_at")
