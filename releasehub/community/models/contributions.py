"""The models of comments and reviews."""

from datetime import UTC, datetime

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from releasehub.community.querysets import ContributionQuerySet
from releasehub.core.models import PublicIdModel, SoftDeleteModel
from releasehub.core.querysets import AliveManager

MIN_RATING, MAX_RATING = 1, 5
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

AliveContributionManager = AliveManager.from_queryset(ContributionQuerySet)
ContributionManager = models.Manager.from_queryset(ContributionQuerySet)


class Contribution(PublicIdModel, SoftDeleteModel):
    """A text of a user about a download.

    Attributes:
        author: The user who wrote it; null after the account was deleted.
        state: A contribution in the state `moderated` waits for the approval of a moderator.
        edit_count: The number of changes of the text, without those in the first RELEASEHUB_COMMENT_GRACE_MINUTES.
        last_edit_at: The time of the last change that counted; `NEVER` without one, so that lists can sort by it.
    """

    class State(models.TextChoices):
        VISIBLE = "visible", _("Visible")
        MODERATED = "moderated", _("Moderated")

    download = models.ForeignKey(Download, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    text = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.VISIBLE, editable=False)
    edit_count = models.PositiveIntegerField(default=0, editable=False)
    last_edit_at = models.DateTimeField(default=NEVER, editable=False)

    objects = AliveContributionManager()
    all_objects = ContributionManager()

    class Meta:
        abstract = True
        base_manager_name = "all_objects"
        ordering = ["-created_at", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["visible", "moderated"]), name="%(class)s_state"),
        ]
        indexes = [
            models.Index(fields=["download", "-created_at", "-id"], name="%(class)s_newest"),
            models.Index(fields=["author", "-created_at"], name="%(class)s_of_author"),
            models.Index(fields=["-created_at", "-id"], name="%(class)s_all_newest"),
            models.Index(fields=["-created_at"], name="%(class)s_waiting", condition=Q(state="moderated")),
            models.Index(fields=["deleted_at"], name="%(class)s_deleted", condition=Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} by {self.author_name or 'a deleted account'} on {self.download.title}"

    @property
    def author_name(self) -> str:
        return self.author.get_username() if self.author else ""

    @property
    def is_shown(self) -> bool:
        """True if every user who sees the download sees the contribution."""
        return self.state == self.State.VISIBLE and not self.is_deleted

    @property
    def counts(self) -> dict[str, int]:
        """The numbers that the contribution adds to the counts of its download while it is shown."""
        raise NotImplementedError


class Comment(Contribution):
    class Meta(Contribution.Meta):
        indexes = [
            *Contribution.Meta.indexes,
            models.Index(fields=["download", "-last_edit_at", "-id"], name="comment_edited"),
            models.Index(fields=["-last_edit_at", "-id"], name="comment_all_edited"),
        ]

    @property
    def counts(self) -> dict[str, int]:
        return {"comment_count": 1}


class Review(Contribution):
    """A rating from 1 to 5, with a text if its author wrote one, and with a reply of the people behind the download."""

    rating = models.PositiveSmallIntegerField(
        validators=[MinValueValidator(MIN_RATING), MaxValueValidator(MAX_RATING)],
        help_text="From 1 to 5; 5 is the best.",
    )
    reply = models.TextField(blank=True, editable=False)
    replied_at = models.DateTimeField(null=True, editable=False)
    replied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, editable=False, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta(Contribution.Meta):
        constraints = [
            *Contribution.Meta.constraints,
            models.CheckConstraint(condition=Q(rating__gte=MIN_RATING, rating__lte=MAX_RATING), name="review_rating"),
            models.UniqueConstraint(
                fields=["author", "download"], condition=Q(deleted_at__isnull=True), name="review_once"
            ),
        ]

    @property
    def counts(self) -> dict[str, int]:
        return {"rating_count": 1, "rating_sum": self.rating, "review_count": int(bool(self.text))}
