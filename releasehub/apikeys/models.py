"""API keys. Only a digest is stored, so a key can be shown only once."""

from django.conf import settings
from django.db import models

from releasehub.apikeys.expiring import ExpiringSecret


class ApiKey(ExpiringSecret):
    """An API key of a user.

    `download_ids` has the downloads that the key is bound to. If it is empty, the key is not bound. They are ids
    instead of foreign keys, because the app of downloads is above this one. `foreign_scopes` are scopes that only the
    original system of a dialect has: they are shown where they were set, and allow nothing.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="api_keys")
    scopes = models.JSONField(default=list, blank=True)
    foreign_scopes = models.JSONField(default=list, db_default=[], editable=False)
    download_ids = models.JSONField("download IDs", default=list, blank=True)
    is_super_user = models.BooleanField("super-user key", default=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"
        ordering = ["-id"]
        indexes = [models.Index(fields=["prefix"], name="api_key_prefix")]

    @property
    def is_usable(self) -> bool:
        """Return whether the key is valid: neither revoked nor expired, and its user still has the necessary rights.

        A super-user key is only valid while its user is a site administrator.
        """
        has_rights = self.user.is_active and (self.user.is_superuser or not self.is_super_user)
        return super().is_usable and has_rights
