"""The user of the hub."""

from collections.abc import Iterator

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from releasehub.accounts.mail_frequency import MailFrequency
from releasehub.core.models import PublicIdModel


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
        return self._digest_of_generation(super().get_session_auth_hash(), settings.SECRET_KEY)

    def get_session_auth_fallback_hash(self) -> Iterator[str]:
        """Yield the same under each earlier SECRET_KEY."""
        digests = super().get_session_auth_fallback_hash()
        yield from map(self._digest_of_generation, digests, settings.SECRET_KEY_FALLBACKS)

    def _digest_of_generation(self, digest: str, key: str) -> str:
        if not self.session_generation:
            return digest
        text = f"{digest} {self.session_generation}"
        return salted_hmac("releasehub.accounts.sessions", text, secret=key).hexdigest()
