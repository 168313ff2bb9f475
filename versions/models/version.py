"""A version of a download."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from downloads.models import AccessKey, Download
from releasehub.core.models import PublicIdModel, SoftDeleteModel
from releasehub.core.querysets import AliveManager
from versions.channels import MAX_CHANNEL_CHARACTERS, offered_to
from versions.facts import RELEASED, VersionFacts
from versions.numbering import ceiling
from versions.platforms import MAX_PLATFORM_CHARACTERS, platform_spellings
from versions.querysets import VersionQuerySet
from versions.rollout import EVERYONE, is_inside
from versions.schemes import MAX_NUMBER_CHARACTERS, Scheme
from versions.tag_names import tag_name
from versions.tags import MAX_TAG_CHARACTERS, tag_of_number

MAX_SORT_KEY_BYTES = 300
SCHEME_CHOICES = [(scheme.value, scheme.value.capitalize()) for scheme in Scheme]
AliveVersionManager = AliveManager.from_queryset(VersionQuerySet)
VersionManager = models.Manager.from_queryset(VersionQuerySet)


class Version(VersionFacts, PublicIdModel, SoftDeleteModel):
    """A version of a download.

    `released_at` is the date that lists sort by: the date of publication, or the date of creation until the version is
    published. `sort_key` holds the number in a form that the database can sort by. `seal_on_publish` is set if the
    author who asked for approval also asked for a seal; the version is then sealed when a moderator publishes it.

    `published_at` is the date of the first publication, which never changes. `public_since` is the date since when
    everybody could see the version in lists with all the files that it has now; it is null until then. Cooldowns count
    from it (see versions/cooldown.py), and `is_security_release` exempts a version from them.

    `scheduled_by` is the account whose right to publish is checked when a scheduled version is due. It is null if the
    site itself set the schedule, or if the schedule is older than the field.

    `channel` is in lower case, and `channel_name` is its spelling for people if that differs. `platform_keys` are the
    keys of the declared `platforms`, sorted, and `first_platform` is the first of them. The same number may exist in a
    channel once for each platform; `is_twin` marks every version but the first one with a number, and links to it name
    its platform.

    `tag` is the name of the version in a source repository, exactly as it was sent, and empty if none was sent.
    `commitish` is the commit or branch that the tag points to. `run_number` counts how often a release tool has started
    to fill the draft (see releasehub/publishing/release_runs.py).
    """

    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        SCHEDULED = "scheduled", _("Scheduled")
        PENDING = "pending", _("Pending")
        PUBLISHED = "published", _("Published")
        ARCHIVED = "archived", _("Archived")

    class Visibility(models.TextChoices):
        LISTED = "listed", _("Listed")
        UNLISTED = "unlisted", _("Unlisted")
        PRIVATE = "private", _("Private")

    download = models.ForeignKey(Download, on_delete=models.CASCADE, related_name="versions")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="versions"
    )
    number = models.CharField("version", max_length=MAX_NUMBER_CHARACTERS)
    tag = models.CharField(
        max_length=MAX_TAG_CHARACTERS,
        blank=True,
        help_text="The tag in the source repository, such as cli/v1.2. Leave empty for v and the number.",
    )
    commitish = models.CharField("commit or branch", max_length=255, blank=True)
    run_number = models.PositiveIntegerField(default=1, db_default=1, editable=False)
    scheme = models.CharField(max_length=10, choices=SCHEME_CHOICES, editable=False)
    sort_key = models.BinaryField(max_length=MAX_SORT_KEY_BYTES, editable=False)
    version_int = models.BigIntegerField(default=0, editable=False)
    is_prerelease = models.BooleanField("pre-release", default=False, editable=False)
    channel = models.CharField(max_length=MAX_CHANNEL_CHARACTERS, default="stable")
    channel_name = models.CharField(max_length=MAX_CHANNEL_CHARACTERS, blank=True, editable=False)

    title = models.CharField(max_length=256, blank=True)
    release_notes = models.TextField(blank=True)
    changelog = models.TextField(blank=True)
    changelog_url = models.URLField("changelog URL", blank=True, max_length=1000)
    release_page_url = models.URLField("release page URL", blank=True, max_length=1000)
    end_of_support = models.DateField(
        "supported until", null=True, blank=True, help_text="The last day with fixes for this version."
    )
    platforms = models.JSONField(default=list, blank=True)
    platform_keys = models.JSONField(default=list, blank=True, editable=False)
    first_platform = models.CharField(max_length=MAX_PLATFORM_CHARACTERS, blank=True, editable=False)
    is_twin = models.BooleanField(default=False, editable=False)
    service_dependencies = models.JSONField(default=list, blank=True)
    package_manifest = models.JSONField(null=True, blank=True)
    rollout_percent = models.PositiveSmallIntegerField(
        "rollout (percent)",
        default=EVERYONE,
        db_default=EVERYONE,
        help_text="The share of clients that are offered this version. 100 offers it to everyone.",
    )
    source_hash = models.CharField(max_length=128, blank=True)
    base_version = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="derived_versions"
    )

    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    visibility = models.CharField(max_length=10, choices=Visibility.choices, default=Visibility.LISTED)
    publish_at = models.DateTimeField("scheduled for", null=True, blank=True)
    scheduled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        editable=False,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,  # An index would only serve the deletion of an account.
    )
    published_at = models.DateTimeField(null=True, blank=True, editable=False)
    released_at = models.DateTimeField(editable=False)
    public_since = models.DateTimeField(null=True, blank=True, editable=False)
    is_security_release = models.BooleanField("security release", default=False, db_default=False, editable=False)
    sealed_at = models.DateTimeField(null=True, blank=True, editable=False)
    seal_on_publish = models.BooleanField(default=False, editable=False)
    yanked_at = models.DateTimeField(null=True, blank=True, editable=False)
    yank_reason = models.CharField("reason for yanking", max_length=500, blank=True, editable=False)
    is_active = models.BooleanField("active", default=False, editable=False)

    file_count = models.PositiveIntegerField(default=0, editable=False)
    download_count = models.PositiveBigIntegerField(default=0, editable=False)

    objects = AliveVersionManager()
    all_objects = VersionManager()

    class Meta:
        base_manager_name = "all_objects"
        ordering = ["-released_at", "-id"]
        constraints = [
            # The constraints repeat the rules of the services, so that no script or race can break them.
            models.UniqueConstraint(
                fields=["download", "channel", "sort_key"], condition=Q(is_twin=False), name="version_number_once"
            ),
            # Versions for different platforms never share the first key. Other overlaps are found under the lock.
            models.UniqueConstraint(
                fields=["download", "channel", "sort_key", "first_platform"], name="version_platform_once"
            ),
            models.UniqueConstraint(
                fields=["download", "tag"],
                condition=~Q(tag=""),
                name="version_tag_once",
            ),
            models.UniqueConstraint(fields=["download"], condition=Q(is_active=True), name="version_one_active"),
            models.CheckConstraint(
                condition=Q(is_active=False) | Q(deleted_at__isnull=True), name="version_active_alive"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "scheduled", "pending", "published", "archived"]), name="version_state"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=RELEASED) | Q(published_at__isnull=False), name="version_published_at"
            ),
            models.CheckConstraint(condition=Q(rollout_percent__lte=EVERYONE), name="version_rollout_percent"),
            models.CheckConstraint(
                condition=~Q(state="scheduled") | Q(publish_at__isnull=False), name="version_publish_at"
            ),
        ]
        indexes = [
            models.Index(fields=["download", "-released_at", "-id"], name="version_released"),
            models.Index(fields=["download", "-download_count", "-id"], name="version_popular"),
            models.Index(fields=["download", "channel", "-sort_key"], name="version_latest"),
            models.Index(
                fields=["download", "-sort_key"],
                name="version_offered",
                condition=Q(state="published", visibility="listed", yanked_at__isnull=True, deleted_at__isnull=True),
            ),
            models.Index(fields=["download", "-sort_key", "-id"], name="version_ordered"),
            models.Index(fields=["download", "number"], name="version_permalink"),
            models.Index(fields=["number"], name="version_number"),
            models.Index("download", tag_name(), name="version_tag_name"),
            models.Index(fields=["-released_at", "-id"], name="version_all_released"),
            models.Index(fields=["download", "-created_at", "-id"], name="version_made"),
            models.Index(fields=["created_at", "id"], name="version_all_made"),
            models.Index(fields=["publish_at"], name="version_due", condition=Q(state="scheduled")),
            models.Index(fields=["updated_at"], name="version_waiting", condition=Q(state="pending")),
            models.Index(fields=["deleted_at"], name="version_deleted", condition=Q(deleted_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.download.title} {self.number}"

    @property
    def is_listed(self) -> bool:
        """True if lists show the version to every actor who sees the download."""
        return self.is_released and self.visibility == self.Visibility.LISTED and not self.is_deleted

    @property
    def is_unsupported(self) -> bool:
        return self.end_of_support is not None and self.end_of_support < timezone.now().date()

    @property
    def is_yanked(self) -> bool:
        return self.yanked_at is not None

    def is_rolled_out_to(self, client: str) -> bool:
        """Return whether the version is offered to the client with this ID, or true for a client without an ID."""
        is_partial = bool(client) and self.rollout_percent < EVERYONE
        return not is_partial or is_inside(client, self.public_id, self.rollout_percent)

    def is_allowed_by(self, key: AccessKey) -> bool:
        """Return whether the version is not above the highest version that the access key opens."""
        return not key.highest_number or bytes(self.sort_key) < ceiling(
            key.highest_number, self.download.version_scheme
        )

    @property
    def tag_name(self) -> str:
        """The tag of the version, or the one that follows from its number."""
        return self.tag or tag_of_number(self.number)

    @property
    def is_in_prerelease_channel(self) -> bool:
        """True if clients that follow the default channel of the download are not offered the version."""
        return self.channel not in offered_to(self.download.default_channel)

    @property
    def shown_channel(self) -> str:
        return self.channel_name or self.channel

    @property
    def page_query(self) -> dict[str, str]:
        """The parameters that links to the version need beside its number.

        A link without a channel means the default channel of the download, and one without a platform the first version
        with the number. Links therefore name every other channel, and the platform of every later version with the
        number.
        """
        query = {} if self.channel == self.download.default_channel else {"channel": self.channel}
        return query | ({"platform": self.first_platform} if self.is_twin and self.first_platform else {})

    def suits(self, platform: str) -> bool:
        """Return whether the version is for the platform, in any spelling, or declares no platform."""
        return not self.platform_keys or not set(platform_spellings(platform)).isdisjoint(self.platform_keys)
