"""The models of downloads and of the slugs that stay reserved for them."""

from django.conf import settings
from django.db import models
from django.db.models import ExpressionWrapper, F, FloatField, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from downloads.models.category import Category
from downloads.models.prefix import Prefix
from downloads.querysets import DownloadQuerySet
from releasehub.accounts.models import Organization
from releasehub.core.models import PublicIdModel, SoftDeleteModel
from releasehub.core.querysets import AliveManager

# The average of the ratings and of five more with three stars: a single rating does not outweigh hundreds of others.
RATING = ExpressionWrapper((F("rating_sum") + 15.0) / (F("rating_count") + 5.0), output_field=FloatField())

AliveDownloadManager = AliveManager.from_queryset(DownloadQuerySet)
DownloadManager = models.Manager.from_queryset(DownloadQuerySet)


class Download(PublicIdModel, SoftDeleteModel):
    """A download: the thing that is released, and the owner of its versions.

    The other API dialects call it product, entity or engine. `comment_count` and the three counts of ratings only count
    what every user who sees the download can see. `review_count` counts the ratings that have a text.

    `pictures` repeats the paths of the icon and the cover, so that lists and events need no query for them. The layer
    of files keeps it current; see `files/pictures/paths.py`. `featured_order` is the place among the featured ones.
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        VISIBLE = "visible", _("Visible")
        MODERATED = "moderated", _("Moderated")

    class Visibility(models.TextChoices):
        PUBLIC = "public", _("Public")
        MEMBERS = "members", _("Members")
        ORGANIZATION = "organization", _("Organization")
        PRIVATE = "private", _("Private")

    class DownloadKind(models.TextChoices):
        APP = "app"
        SERVICE = "service"
        CHAT_EXTENSION = "chat_extension"
        OTHER = "other"

    class VersionScheme(models.TextChoices):
        DETECT = "", _("detected from the number")
        SEMVER = "semver", _("Semantic Versioning")
        DOTTED = "dotted", _("two to four numbers")
        CALVER = "calver", _("YYYY.MM.DD-HHMMSS")
        BUILD = "build", _("build numbers: 1.0.0+2 is newer than 1.0.0+1 (Flutter, JDK)")
        PEP440 = "pep440", _("Python (PEP 440)")
        OTHER = "other", _("any text")

    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="downloads")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="downloads")
    organization = models.ForeignKey(
        Organization, null=True, blank=True, on_delete=models.SET_NULL, related_name="downloads"
    )
    prefix = models.ForeignKey(
        Prefix, null=True, blank=True, db_index=False, on_delete=models.SET_NULL, related_name="downloads"
    )
    slug = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=150)
    tag_line = models.CharField(max_length=200, blank=True)
    description = models.TextField(blank=True)
    icon_url = models.URLField("icon URL", blank=True, max_length=500)
    cover_url = models.URLField("cover URL", blank=True, max_length=500)
    pictures = models.JSONField(default=dict, editable=False)
    homepage_url = models.URLField("homepage URL", blank=True, max_length=500)
    source_url = models.URLField("source code URL", blank=True, max_length=500)
    license = models.CharField(max_length=100, blank=True)
    tags = models.JSONField(default=list, blank=True)
    kind = models.CharField(max_length=20, choices=DownloadKind.choices, default=DownloadKind.APP)
    state = models.CharField(max_length=10, choices=State.choices, default=State.VISIBLE)
    visibility = models.CharField(max_length=12, choices=Visibility.choices, default=Visibility.PUBLIC)
    default_channel = models.CharField(max_length=256, default="stable")
    version_scheme = models.CharField(
        max_length=10, choices=VersionScheme.choices, default=VersionScheme.DETECT, blank=True
    )
    seal_on_publish = models.BooleanField(default=False)
    secures_uploads = models.BooleanField(
        "secure files of the v3 API",
        default=True,
        help_text="Files that are uploaded with the v3 API need an access key or a sign-in.",
    )
    shows_statistics = models.BooleanField(
        "show statistics",
        default=True,
        help_text="Everybody who sees the download can see its downloads over time. The team always can.",
    )
    quota_bytes = models.PositiveBigIntegerField(
        "storage quota",
        null=True,
        blank=True,
        help_text="The maximum number of bytes that this download can store. 0 means no limit. Leave empty "
        "to use the limit of its category.",
    )

    featured_order = models.PositiveIntegerField(
        "place among the featured downloads",
        null=True,
        blank=True,
        editable=False,
    )
    last_update_at = models.DateTimeField(editable=False)
    version_count = models.PositiveIntegerField(default=0, editable=False)
    listed_version_count = models.PositiveIntegerField(default=0, editable=False)
    download_count = models.PositiveBigIntegerField(default=0, editable=False)
    view_count = models.PositiveBigIntegerField(default=0, editable=False)
    comment_count = models.PositiveIntegerField(default=0, editable=False)
    rating_count = models.PositiveIntegerField(default=0, editable=False)
    rating_sum = models.PositiveIntegerField(default=0, editable=False)
    review_count = models.PositiveIntegerField(default=0, editable=False)

    objects = AliveDownloadManager()
    all_objects = DownloadManager()

    class Meta:
        base_manager_name = "all_objects"
        ordering = ["-last_update_at", "-id"]
        permissions = [
            ("moderate_download", "Can view, edit, delete and restore all downloads"),
            ("hard_delete_download", "Can permanently delete all downloads, versions and files"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["draft", "visible", "moderated"]), name="download_state"),
            models.CheckConstraint(
                condition=Q(visibility__in=["public", "members", "organization", "private"]), name="download_visibility"
            ),
        ]
        indexes = [
            models.Index(fields=["-last_update_at", "-id"], name="download_last_update"),
            models.Index(fields=["category", "-last_update_at", "-id"], name="download_category"),
            models.Index(
                fields=["prefix", "-last_update_at", "-id"],
                name="download_prefix",
                condition=Q(prefix__isnull=False),
            ),
            models.Index(fields=["-created_at", "-id"], name="download_created"),
            models.Index(fields=["updated_at"], name="download_waiting", condition=Q(state="moderated")),
            models.Index(fields=["-download_count", "-id"], name="download_popular"),
            models.Index(fields=["title", "id"], name="download_title"),
            # Counts what everybody sees of each category without reading the rows, which are wide.
            models.Index(
                fields=["category"],
                name="download_listed",
                condition=Q(deleted_at__isnull=True, state="visible", visibility="public"),
            ),
            models.Index(Lower("slug"), name="download_slug_any_case"),
            models.Index(
                fields=["featured_order", "id"],
                name="download_featured",
                condition=Q(featured_order__isnull=False),
            ),
            models.Index(RATING.desc(), F("id").desc(), name="download_rating"),
            models.Index(fields=["deleted_at"], name="download_deleted", condition=Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def download_id(self) -> int:
        return self.pk

    @property
    def is_held(self) -> bool:
        """Return whether the download is under a legal hold, for pages. Deletions ask `downloads.holds`."""
        return hasattr(self, "legal_hold")

    @property
    def path(self) -> str:
        return f"/downloads/{self.slug}.{self.pk}/"

    def picture_path(self, kind: str) -> str:
        """Return the path of the largest size of the icon or the cover, or an empty string if there is none."""
        return str(self.pictures[kind]["sizes"][-1][0]) if kind in self.pictures else ""

    @property
    def rating_avg(self) -> float:
        """The average of all ratings, from 1 to 5, or 0 if there is none."""
        return round(self.rating_sum / self.rating_count, 2) if self.rating_count else 0.0


class PublicSlug(models.Model):
    """A slug under which outsiders could see a download. It is reserved for that download forever.

    `download` is null after a hard delete. `reason` then says why the download was erased, and `was_open_to_all`
    whether the reason may be shown to everyone.
    """

    slug = models.SlugField(max_length=100, unique=True)
    download = models.ForeignKey(
        Download, null=True, blank=True, on_delete=models.SET_NULL, related_name="public_slugs"
    )
    was_open_to_all = models.BooleanField(default=False)
    reason = models.CharField(max_length=500, blank=True)
    first_public_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(Lower("slug"), name="public_slug_any_case")]

    def __str__(self) -> str:
        return self.slug
