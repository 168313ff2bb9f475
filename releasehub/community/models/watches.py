"""The models of watches, and of the e-mails about new versions that they cause."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from downloads.models import Category, Download
from releasehub.accounts.mail_frequency import MailFrequency
from versions.models import Version


class Watch(models.Model):
    """The wish of a user to be told when a version of a download is published.

    A watch of a category stands for the downloads in it and in the categories below it.

    Attributes:
        frequency: How often the user gets e-mails about this target; empty if as often as about everything else.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    download = models.ForeignKey(Download, null=True, on_delete=models.CASCADE, related_name="+")
    category = models.ForeignKey(Category, null=True, on_delete=models.CASCADE, related_name="+")
    frequency = models.CharField(max_length=10, choices=MailFrequency, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        verbose_name_plural = "watches"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(download__isnull=True, category__isnull=False)
                | Q(download__isnull=False, category__isnull=True),
                name="watch_one_target",
            ),
            models.UniqueConstraint(fields=["user", "download"], name="watch_download_once"),
            models.UniqueConstraint(fields=["user", "category"], name="watch_category_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} watches {self.target}"

    @property
    def target(self) -> Download | Category:
        target = self.download or self.category
        assert target is not None  # noqa: S101 - the database checks it
        return target

    @property
    def mail_frequency(self) -> MailFrequency:
        return MailFrequency(self.frequency or self.user.version_mail)


class WatchNotice(models.Model):
    """A user who is to be told about a version by e-mail. The unique constraint prevents a second time.

    Attributes:
        watch: The reason for the e-mail. If the user stops watching, the notice goes with it.
        is_digest: Whether the e-mail is a digest, which tells about several versions.
        due_at: When to send it; null after it was sent or became pointless.
    """

    watch = models.ForeignKey(Watch, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    version = models.ForeignKey(Version, on_delete=models.CASCADE, related_name="+")
    is_digest = models.BooleanField(default=False)
    due_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "version"], name="watch_notice_once")]
        indexes = [
            models.Index(fields=["due_at"], name="watch_notice_due", condition=Q(due_at__isnull=False)),
            models.Index(fields=["created_at"], name="watch_notice_age"),
        ]

    def __str__(self) -> str:
        return f"{self.user} about {self.version}"


class WatchCursor(models.Model):
    """The only row says up to which position of the event stream watchers were notified."""

    position = models.PositiveBigIntegerField()

    def __str__(self) -> str:
        return str(self.position)
