"""Users, organizations, memberships and roles."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone

from releasehub.accounts.querysets import OrganizationQuerySet
from releasehub.accounts.scopes import ALL_SCOPES
from releasehub.core.models import PublicIdModel, TimeStampedModel


class User(PublicIdModel, AbstractUser):
    quota_bytes = models.PositiveBigIntegerField(
        "storage quota",
        null=True,
        blank=True,
        help_text="The maximum number of bytes that the downloads of this user can store. 0 means no "
        "limit. Leave empty to use RELEASEHUB_USER_QUOTA_BYTES.",
    )

    class Meta(AbstractUser.Meta):
        indexes = [models.Index(Lower("email"), name="user_email")]


class Organization(PublicIdModel, TimeStampedModel):
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(PublicIdModel, TimeStampedModel):
    """A custom role of an organization: a named set of scopes. See `roles.py` for the built-in roles."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="roles")
    name = models.CharField(max_length=100)
    scopes = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint("organization", Lower("name"), name="role_name_once")]

    def __str__(self) -> str:
        return self.name

    @property
    def is_built_in(self) -> bool:
        """Return whether this is Admin or Member, which are never saved."""
        return self.pk is None


class Membership(TimeStampedModel):
    """A user's membership in an organization.

    Owners and admins have every scope. Other members have the scopes of `named_role`, or none if it is not set.
    """

    class Role(models.TextChoices):
        MEMBER = "member"
        ADMIN = "admin"
        OWNER = "owner"

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.MEMBER)
    named_role = models.ForeignKey(
        "accounts.Role",
        verbose_name="custom role",
        null=True,
        blank=True,
        on_delete=models.RESTRICT,
        related_name="memberships",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "organization"], name="membership_once"),
            models.CheckConstraint(condition=Q(named_role__isnull=True) | Q(role="member"), name="membership_one_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"

    @property
    def administers(self) -> bool:
        return self.role != self.Role.MEMBER

    @property
    def scopes(self) -> frozenset[str]:
        if self.administers:
            return ALL_SCOPES
        return frozenset(self.named_role.scopes) if self.named_role else frozenset()


class SignInCounter(models.Model):
    """A counter of failed sign-ins in a time window, or a record that an account has signed in from a network.

    The counter is for a network, an account or both. `key` is a digest of them, see `releasehub.accounts.throttle`.
    Each level doubles the length of the window.
    """

    key = models.CharField(max_length=64, unique=True)
    failures = models.PositiveIntegerField(default=0)
    level = models.PositiveSmallIntegerField(default=0)
    window_ends_at = models.DateTimeField(db_index=True)
    last_tried_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.failures} until {self.window_ends_at}"
