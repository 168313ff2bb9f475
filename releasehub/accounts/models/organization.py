"""Organizations, their members and custom roles."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from releasehub.accounts.querysets import OrganizationQuerySet
from releasehub.accounts.scopes import ALL_SCOPES
from releasehub.core.models import PublicIdModel, TimeStampedModel


class Organization(PublicIdModel, TimeStampedModel):
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(max_length=100, unique=True)

    objects = OrganizationQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Role(PublicIdModel, TimeStampedModel):
    """A custom role of an organization: a named set of scopes. See `roles.py` for the built-in roles.

    `foreign_scopes` are scopes that only the original system of the entity dialect has. They allow nothing.
    """

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="roles")
    name = models.CharField(max_length=100)
    scopes = models.JSONField(default=list, blank=True)
    foreign_scopes = models.JSONField(default=list, db_default=[], editable=False)

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
