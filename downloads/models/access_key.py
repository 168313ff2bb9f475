"""Access keys of downloads, and what was downloaded with them."""

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Case, Q, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from downloads.models.access import GrantQuerySet, is_in_force
from releasehub.apikeys.expiring import ExpiringSecret, is_expired, is_usable
from releasehub.core.models import PublicIdModel


class AccessKeyQuerySet(GrantQuerySet["AccessKey"]):
    """Access keys, with filters by their state and by what they open."""

    def opening_downloads(self) -> Self:
        """Return the keys in force that open a whole download. Preview links open one version and nothing else."""
        return self.in_force().filter(version_id=None)

    def opening_previews(self) -> Self:
        """Return the keys in force that are preview links."""
        return self.in_force().filter(version_id__isnull=False)

    def with_standing(self) -> Self:
        """Add the column `has_standing`: whether the key is in force. `AccessKey.state` reads it."""
        return self.annotate(has_standing=Case(When(is_in_force(), then=True), default=False))

    def in_state(self, state: str) -> Self:
        """Return the rows for which `AccessKey.state` is `state`."""
        if state == AccessKey.State.REVOKED:
            return self.filter(revoked_at__isnull=False)
        now = timezone.now()
        if state == AccessKey.State.EXPIRED:
            return self.filter(is_expired(now), revoked_at=None)
        rows = self.filter(is_usable(now))
        if state == AccessKey.State.VOID:
            return rows.exclude(is_in_force())
        is_used_up = Q(uses_left__isnull=False, uses_left=0)
        rows = rows.in_force()
        return rows.filter(is_used_up) if state == AccessKey.State.USED_UP else rows.exclude(is_used_up)


class AccessKey(PublicIdModel, ExpiringSecret):
    """A secret that opens one download to its holder, as the parameter `key` of an update check or in a share link.

    The uses that are left are not part of `is_usable`: they are checked when bytes are delivered.

    A key with a `version_id` is a preview link: it shows one version until that version is published, and opens nothing
    else. The field is not a foreign key, because the app `versions` is in a layer above this one.
    """

    class State(models.TextChoices):
        USABLE = "usable", _("Usable")
        EXPIRED = "expired", _("Expired")
        REVOKED = "revoked", _("Revoked")
        USED_UP = "used_up", _("used up")
        VOID = "void", _("void: its creator may no longer issue keys")

    download = models.ForeignKey("downloads.Download", on_delete=models.CASCADE, related_name="access_keys")
    # Not unique by itself: several publishers may import the keys of one shop, and must not learn of each other's.
    digest = models.CharField(max_length=64, editable=False)
    uses_left = models.PositiveIntegerField("downloads left", null=True, blank=True)
    highest_number = models.CharField("highest version", max_length=128, blank=True)
    version_id = models.PositiveBigIntegerField("previewed version", null=True, blank=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    objects = AccessKeyQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["prefix"], name="access_key_prefix")]
        constraints = [models.UniqueConstraint(fields=["digest", "download"], name="access_key_once")]

    @property
    def state(self) -> State:
        if self.revoked_at is not None:
            return self.State.REVOKED
        if self.is_expired:
            return self.State.EXPIRED
        if not getattr(self, "has_standing", True):
            return self.State.VOID
        return self.State.USED_UP if self.uses_left == 0 else self.State.USABLE


class AccessKeyUse(models.Model):
    """One spent use of an access key: the visitor, the file, and the number of bytes granted so far.

    A use covers one visitor's transfers of one file for an hour, so that retries and range requests cost no further
    use. `file_id` is not a foreign key, because the app `files` is in a layer above this one.
    """

    access_key = models.ForeignKey(AccessKey, on_delete=models.CASCADE, related_name="uses")
    file_id = models.PositiveBigIntegerField()
    visitor = models.CharField(max_length=32)
    granted_bytes = models.PositiveBigIntegerField(default=0)
    spent_at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["access_key", "file_id", "visitor"], name="access_key_use_once"),
        ]

    def __str__(self) -> str:
        return f"{self.access_key_id} for file {self.file_id}"
