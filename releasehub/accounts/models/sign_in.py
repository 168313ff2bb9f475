"""Tables around signing in: signed-in browsers, one-time links, and e-mails that wait for the mail server."""

from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import models
from django.db.models import Q
from django.utils import timezone

MAX_USER_AGENT_CHARACTERS = 300


class SignedInBrowser(models.Model):
    """A browser in which a user is signed in. The row is deleted with its session."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="browsers")
    session = models.OneToOneField(Session, on_delete=models.CASCADE, related_name="browser")
    address = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=MAX_USER_AGENT_CHARACTERS, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["user", "-created_at"], name="browser_user")]

    def __str__(self) -> str:
        return f"{self.user} since {self.created_at}"


class OneTimeLink(models.Model):
    """A link that works once. Only a digest of its token is stored.

    Attributes:
        user: The account whose password the link resets; null for the other kinds.
        created_by: The user on whose right to hand it out the link depends; null for the command line.
        note: For whom the link is, in the words of its creator.
    """

    class Kind(models.TextChoices):
        PASSWORD = "password"  # noqa: S105 - not a secret
        SIGN_UP = "sign_up"
        SET_UP = "set_up"

    kind = models.CharField(max_length=10, choices=Kind.choices)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="one_time_links"
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+")
    note = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(db_index=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["password", "sign_up", "set_up"]), name="one_time_link_kind"),
            models.CheckConstraint(
                condition=Q(kind="password", user__isnull=False) | (~Q(kind="password") & Q(user=None)),
                name="one_time_link_user",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} until {self.expires_at:%Y-%m-%d %H:%M}"

    @property
    def is_usable(self) -> bool:
        return self.used_at is None and self.expires_at > timezone.now()


class CompanyIdentity(models.Model):
    """A user's identity at an OpenID Connect provider. Its issuer gives a subject to one person only."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="company_identities")
    issuer = models.CharField(max_length=255)
    subject = models.CharField(max_length=255)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "subject"], name="company_identity_once"),
            models.UniqueConstraint(fields=["user", "issuer"], name="company_identity_user"),
        ]

    def __str__(self) -> str:
        return f"{self.user} at {self.issuer}"


class OutgoingMail(models.Model):
    """An e-mail to a user that waits to be sent. What may contain a link with a secret is encrypted."""

    recipient = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    encrypted_text = models.TextField()
    encrypted_unsubscribe_url = models.TextField(blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)

    def __str__(self) -> str:
        return f"{self.subject} ({self.created_at:%Y-%m-%d %H:%M})"


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
