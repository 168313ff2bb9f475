"""Retention rules, and the runs that apply them."""

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from downloads.models import Category, Download
from releasehub.core.models import TimeStampedModel

MAX_DAYS = 36_500


class RetentionRule(TimeStampedModel):
    """The old versions that the hub deletes by itself, in one download or in a category and those below it.

    A version is deleted if all conditions that are set hold: it is not among the newest of its line and channel, it is
    old enough, and it was not downloaded for long enough. A paused rule exempts its downloads from other rules.
    """

    class Line(models.IntegerChoices):
        MAJOR = 1, "major: 1.x, 2.x"
        MINOR = 2, "minor: 1.4.x, 1.5.x"

    category = models.OneToOneField(
        Category, null=True, blank=True, on_delete=models.CASCADE, related_name="retention_rule"
    )
    download = models.OneToOneField(
        Download, null=True, blank=True, on_delete=models.CASCADE, related_name="retention_rule"
    )
    keep_newest = models.PositiveIntegerField(
        "versions to keep",
        default=10,
        validators=[MinValueValidator(1)],
        help_text="The newest versions of each line and channel stay, for each platform. The newest one always stays.",
    )
    line_parts = models.PositiveSmallIntegerField(
        "line", choices=Line.choices, default=Line.MAJOR, help_text="The part of the number that makes a line."
    )
    min_age_days = models.PositiveIntegerField(
        "older than (days)",
        null=True,
        blank=True,
        validators=[MaxValueValidator(MAX_DAYS)],
        help_text="Days since the publication. Leave empty if the age does not matter.",
    )
    idle_days = models.PositiveIntegerField(
        "not downloaded for (days)",
        null=True,
        blank=True,
        validators=[MaxValueValidator(MAX_DAYS)],
        help_text="Downloads by crawlers do not count. Leave empty if downloads do not matter.",
    )
    is_active = models.BooleanField(
        "active", default=True, help_text="A paused rule deletes nothing, and no rule above it applies either."
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(category__isnull=True, download__isnull=False)
                | Q(category__isnull=False, download__isnull=True),
                name="retention_one_target",
            ),
            models.CheckConstraint(condition=Q(keep_newest__gte=1), name="retention_keeps_newest"),
            models.CheckConstraint(condition=Q(line_parts__in=[1, 2]), name="retention_line"),
        ]

    def __str__(self) -> str:
        return f"retention rule of {self.download or self.category}"


class RetentionRun(models.Model):
    """One pass over all downloads with a rule. A run that was interrupted continues after `cursor`.

    Attributes:
        cursor: The highest primary key of the downloads that are done.
    """

    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    cursor = models.BigIntegerField(default=0)
    deleted_count = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"retention run of {self.started_at:%Y-%m-%d %H:%M}"
