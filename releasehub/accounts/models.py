"""Users, organizations, memberships and roles."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from releasehub.accounts.mail_frequency import MailFrequency
from releasehub.accounts.querysets import InvitationQuerySet, OrganizationQuerySet
from releasehub.accounts.scopes import ALL_SCOPES
from releasehub.accounts.sign_in_models import CompanyIdentity, OneTimeLink, OutgoingMail, SignedInBrowser
from releasehub.core.models import PublicIdModel, TimeStampedModel

__all__ = [
    "CompanyIdentity",
    "Invitation",
    "Membership",
    "OneTimeLink",
    "Organization",
    "OutgoingMail",
    "Role",
    "SignInCounter",
    "SignedInBrowser",
    "StaffRole",
    "User",
]


class User(PublicIdModel, AbstractUser):
    """An account.

    `email` is an address that the user has confirmed or that staff entered. An address that still has to be confirmed
    is only in the table of django-allauth, so invitations to it do not reach somebody who merely claims to own it.

    Attributes:
        version_mail: How often the user gets e-mails about what the user watches, unless a watch says otherwise.
        avatar_path: The path of the user's picture, which is repeated here so that lists need no further query.
        anonymized_at: When the personal data was erased. The account stays closed from then on.
        traces_erased_at: When a worker had erased the rest, see `services/anonymizing.py`.
        session_generation: A number that all sessions and tokens depend on. A higher one ends them.
    """

    quota_bytes = models.PositiveBigIntegerField(
        "storage quota",
        null=True,
        blank=True,
        help_text="The maximum number of bytes that the downloads of this user can store. 0 means no "
        "limit. Leave empty to use RELEASEHUB_USER_QUOTA_BYTES.",
    )

    wants_sign_in_mail = models.BooleanField("e-mail about sign-ins with a new browser", default=True)
    version_mail = models.CharField(
        "e-mail about new versions", max_length=10, choices=MailFrequency, default=MailFrequency.AT_ONCE
    )
    language = models.CharField(max_length=10, blank=True, editable=False)
    time_zone = models.CharField(max_length=64, blank=True, editable=False)
    session_generation = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    avatar_path = models.CharField(max_length=100, blank=True, default="", db_default="", editable=False)
    anonymized_at = models.DateTimeField(null=True, editable=False)
    traces_erased_at = models.DateTimeField(null=True, editable=False)

    class Meta(AbstractUser.Meta):
        indexes = [
            models.Index(Lower("email"), name="user_email"),
            models.Index(
                fields=["id"],
                name="user_traces",
                condition=Q(anonymized_at__isnull=False, traces_erased_at__isnull=True),
            ),
        ]

    def get_session_auth_hash(self) -> str:
        """Return what sessions and tokens are compared with: a digest of the password, and of the generation."""
        digest = super().get_session_auth_hash()
        if not self.session_generation:
            return digest
        return salted_hmac("releasehub.accounts.sessions", f"{digest} {self.session_generation}").hexdigest()


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


class Invitation(PublicIdModel, TimeStampedModel):
    """An invitation to an organization, to the team of a download or to own it. Its addressee may accept or decline.

    Attributes:
        target_id: The primary key of the organization or the download. It is not a foreign key, because this app must
            not import downloads.
        rights: The public id of the role, or the names of the team flags; empty for the ownership.
        invited: The e-mail address or the user name, as the inviter entered it.
        invited_key: The address in lower case, or the user name.
        user: The account that had the user name when the invitation was created. Null for an e-mail address, which
            stands for the account that has it when the invitation is accepted, and for an unknown user name.
        invited_by: The user on whose rights the invitation depends; null for a super-user key.
        mail_due_at: When to send the e-mail, or to try again.
    """

    class Kind(models.TextChoices):
        ORGANIZATION = "organization"
        TEAM = "team"
        OWNERSHIP = "ownership"

    kind = models.CharField(max_length=12, choices=Kind.choices)
    target_id = models.BigIntegerField()
    rights = models.JSONField(default=list)
    invited = models.CharField(max_length=254)
    invited_key = models.CharField(max_length=254)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="received_invitations"
    )
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="sent_invitations"
    )
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    declined_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    token_digest = models.CharField(max_length=64, blank=True, editable=False)
    mail_due_at = models.DateTimeField(null=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "target_id", "invited_key"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="invitation_once",
            ),
            models.CheckConstraint(condition=Q(kind__in=["organization", "team", "ownership"]), name="invitation_kind"),
        ]
        indexes = [
            models.Index(fields=["invited_key"], name="invitation_addressee"),
            models.Index(fields=["mail_due_at"], condition=Q(mail_due_at__isnull=False), name="invitation_mail"),
            models.Index(fields=["token_digest"], condition=~Q(token_digest=""), name="invitation_token"),
        ]

    def __str__(self) -> str:
        return f"{self.invited} to {self.kind} {self.target_id}"

    @property
    def is_by_email(self) -> bool:
        return "@" in self.invited

    @property
    def is_pending(self) -> bool:
        """Return whether the addressee can still accept it."""
        has_ended = self.accepted_at or self.declined_at or self.revoked_at
        return not has_ended and self.expires_at > timezone.now()


class StaffRole(models.Model):
    """A record of what the hub has done for one of the roles in `staff_roles.py`.

    Attributes:
        group: The group that the hub created. Null if the site deleted it, or had a group with that name before.
        given: The permissions that the hub has given to the group. The site may have taken some away.
    """

    name = models.CharField(max_length=50, unique=True)
    group = models.OneToOneField("auth.Group", null=True, on_delete=models.SET_NULL, related_name="staff_role")
    given = models.JSONField(default=list)

    def __str__(self) -> str:
        return self.name


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
