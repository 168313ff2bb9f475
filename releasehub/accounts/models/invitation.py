"""An invitation of a person."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from releasehub.accounts.querysets import InvitationQuerySet
from releasehub.core.models import PublicIdModel, TimeStampedModel


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
