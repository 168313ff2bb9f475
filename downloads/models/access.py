"""The models that give users other than the owner access to a download.

They are team members, shares, publications in the stores of organizations, and access keys.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Case, Exists, F, OuterRef, Q, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from releasehub.accounts.models import Membership, Organization
from releasehub.accounts.querysets import has_staff_permission
from releasehub.apikeys.expiring import ExpiringSecret, is_expired, is_usable
from releasehub.core.models import PublicIdModel, TimeStampedModel

Grant = TypeVar("Grant", bound=models.Model)
MODERATE = "downloads.moderate_download"
READ_EVERYTHING = "downloads.view_download"


class TeamMemberQuerySet(models.QuerySet["TeamMember"]):
    """Team members, with filters by whether their rights apply."""

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


def is_team_manager(user: str, download: str) -> Q:
    """Match rows whose user may manage the team of their download without owning it.

    `user` and `download` are the names of the fields that hold the user and the download. Team members of an
    organization's download lose their flags when they leave the organization, as they do everywhere else.
    """
    team = TeamMember.objects.in_force().filter(
        download=OuterRef(download),
        user=OuterRef(user),
        user__is_active=True,
        can_manage_team=True,
    )
    return Q(Exists(team)) | has_staff_permission(user, MODERATE)


class GrantQuerySet(models.QuerySet[Grant]):
    """Rows that give access to a download: shares and access keys."""

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
    return Q(created_by=None) | is_owners | is_team_manager("created_by", "download")


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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "download"], name="store_publication_once")]

    def __str__(self) -> str:
        return f"{self.download} in {self.organization}"


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
