"""The model of reports: what visitors tell the moderators about downloads, versions, comments and reviews."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from releasehub.community.querysets import ReportQuerySet
from releasehub.core.models import PublicIdModel, TimeStampedModel

MAX_LABEL_CHARACTERS = 300
MAX_NOTE_CHARACTERS = 500
ReportManager = models.Manager.from_queryset(ReportQuerySet)


class Report(PublicIdModel, TimeStampedModel):
    """A report that a visitor sent about a download, or about a version, comment or review of it.

    Attributes:
        download: The download that the target belongs to, or the target itself.
        kind: The type of the target. `object_id` is its primary key. The report outlives a target that is erased, but
            not its download.
        label: The name of the target at the time of the report. It contains no name of a user.
        reporter: The user who wrote the report; null for an anonymous visitor, and after the account was deleted.
        reporter_key: Stands for the user or, as a keyed digest, for the network of an anonymous visitor.
        note: What the moderator answered. The reporter gets it by e-mail.
    """

    class Kind(models.TextChoices):
        DOWNLOAD = "download"
        VERSION = "version"
        COMMENT = "comment"
        REVIEW = "review"

    class Reason(models.TextChoices):
        MALWARE = "malware", _("Malware or another danger")
        COPYRIGHT = "copyright", _("Copyright or trademark")
        SPAM = "spam", _("Spam or insults")
        BROKEN = "broken", _("Broken, or not as described")
        OTHER = "other", _("Something else")

    class State(models.TextChoices):
        OPEN = "open"
        RESOLVED = "resolved"
        DISMISSED = "dismissed"

    download = models.ForeignKey(Download, on_delete=models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    object_id = models.BigIntegerField("object ID")
    label = models.CharField("target", max_length=MAX_LABEL_CHARACTERS)
    reporter = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reporter_key = models.CharField(max_length=50)
    reason = models.CharField(max_length=10, choices=Reason.choices)
    text = models.TextField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    note = models.CharField(max_length=MAX_NOTE_CHARACTERS, blank=True)
    handled_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    handled_at = models.DateTimeField(null=True)

    objects = ReportManager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["reporter_key", "kind", "object_id"], condition=Q(state="open"), name="report_open_once"
            ),
            models.CheckConstraint(
                condition=Q(state="open", handled_at__isnull=True) | Q(handled_at__isnull=False) & ~Q(state="open"),
                name="report_handled",
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at", "-id"], name="report_newest"),
            models.Index(fields=["-created_at", "-id"], name="report_open", condition=Q(state="open")),
            models.Index(fields=["handled_at"], name="report_age", condition=Q(handled_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"report about {self.label}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN
