"""Access to a download besides its owner's: team members, shares, and publications in stores of organizations."""

from collections.abc import Collection
from typing import Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.models import Membership, Organization
from releasehub.accounts.querysets import has_staff_permission
from releasehub.core.models import PublicIdModel, TimeStampedModel

Grant = TypeVar("Grant", bound=models.Model)
MODERATE = "downloads.moderate_download"
READ_EVERYTHING = "downloads.view_download"


class TeamMemberQuerySet(models.QuerySet["TeamMember"]):
    def in_force(self) -> Self:
        """Return the members whose rights apply: all, or on an organization's download those who belong to it."""
        return self.filter(belongs_to_organization())

    def with_standing(self) -> Self:
        """Add the column `is_in_force`: whether the row is one of `in_force`."""
        return self.annotate(is_in_force=Case(When(belongs_to_organization(), then=True), default=False))


def belongs_to_organization() -> Q:
    """Match rows with a download and a user who belongs to the organization of that download, if it has one."""
    belongs = Membership.objects.filter(organization=OuterRef("download__organization"), user=OuterRef("user"))
    return Q(download__organization=None) | Q(Exists(belongs))


class TeamMember(TimeStampedModel):
    """A member of the team of a download. At least one flag is set, so every row gives some right."""

    download = models.ForeignKey("downloads.Download", on_delete=models.CASCADE, related_name="team")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="team_memberships")
    can_edit = models.BooleanField(_("edit"), default=False)
    can_upload = models.BooleanField(_("upload"), default=False)
    can_manage_files = models.BooleanField(_("manage files"), default=False)
    can_manage_versions = models.BooleanField(_("manage versions"), default=False)
    can_manage_team = models.BooleanField(_("manage team"), default=False)

    objects = TeamMemberQuerySet.as_manager()
    is_in_force: bool  # a column that `with_standing` adds

    FLAGS = ("can_edit", "can_upload", "can_manage_files", "can_manage_versions", "can_manage_team")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "download"], name="team_member_once"),
            models.CheckConstraint(
                condition=Q(can_edit=True)
                | Q(can_upload=True)
                | Q(can_manage_files=True)
                | Q(can_manage_versions=True)
                | Q(can_manage_team=True),
                name="team_member_has_flag",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} on {self.download}"

    @property
    def flags(self) -> set[str]:
        return {flag for flag in self.FLAGS if getattr(self, flag)}

    @classmethod
    def label_of(cls, flag: str) -> str:
        """Return the name of a flag in words, in the active language."""
        return str(cls._meta.get_field(flag).verbose_name)  # type: ignore[union-attr]

    @classmethod
    def labels_of(cls, flags: Collection[str]) -> str:
        """Return the names of flags in words, always in the same order."""
        return ", ".join(cls.label_of(flag) for flag in cls.FLAGS if flag in flags)


def is_team_manager(download: str) -> Q:
    """Match rows whose `created_by` may manage the team of their download without owning it.

    `download` is the name of the field that holds the download. Team members of an organization's download lose their
    flags when they leave the organization, as they do everywhere else.
    """
    team = TeamMember.objects.in_force().filter(
        download=OuterRef(download),
        user=OuterRef("created_by"),
        user__is_active=True,
        can_manage_team=True,
    )
    return Q(Exists(team)) | has_staff_permission("created_by", MODERATE)


class GrantQuerySet(models.QuerySet[Grant]):
    """Rows that give access to a download: shares, access keys, and publications in stores."""

    def in_force(self) -> Self:
        """Return the rows whose creator may still manage the team of the download.

        A grant loses its force as soon as its creator may no longer grant it. A former team member therefore cannot
        leave a share or a key behind to keep access. Rows without a creator were made by the site, or before creators
        were recorded.
        """
        return self.filter(is_in_force())


def is_in_force() -> Q:
    """Match the rows of `GrantQuerySet.in_force`."""
    is_owners = Q(created_by=F("download__owner"))
    return Q(created_by=None) | is_owners | is_team_manager("download")


class Share(PublicIdModel, TimeStampedModel):
    """A user who may view a download and fetch its files, without any other right."""

    download = models.ForeignKey("downloads.Download", on_delete=models.CASCADE, related_name="shares")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="shares")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="shares_made",
    )

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "download"], name="share_once")]

    def __str__(self) -> str:
        return f"{self.download} shared with {self.user}"


class StorePublication(TimeStampedModel):
    """A download in the store of an organization. `is_public` opens it to every signed-in user."""

    download = models.ForeignKey("downloads.Download", on_delete=models.CASCADE, related_name="publications")
    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="publications")
    is_public = models.BooleanField("public", default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "download"], name="store_publication_once")]

    def __str__(self) -> str:
        return f"{self.download} in {self.organization}"
