"""Pictures of downloads, and the sizes in which they are stored."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from downloads.models import Download
from files.models.blob import Blob
from releasehub.core.models import PublicIdModel, TimeStampedModel

MAX_TEXT_CHARACTERS = 300


class Picture(PublicIdModel, TimeStampedModel):
    """A picture of a download. `width`, `height` and `sha256` describe the upload, of which the hub stores no copy.

    An inline picture is one that a description or release notes refer to by its path.
    """

    class Kind(models.TextChoices):
        ICON = "icon", _("Icon")
        COVER = "cover", _("Cover")
        SCREENSHOT = "screenshot", _("Screenshot")
        INLINE = "inline", _("Picture in a text")

    download = models.ForeignKey(Download, on_delete=models.CASCADE, related_name="stored_pictures")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    alt_text = models.CharField(
        "description for screen readers", max_length=MAX_TEXT_CHARACTERS, blank=True, help_text="What the picture shows"
    )
    caption = models.CharField(max_length=MAX_TEXT_CHARACTERS, blank=True)
    display_order = models.PositiveIntegerField(default=0)
    width = models.PositiveIntegerField(editable=False)
    height = models.PositiveIntegerField(editable=False)
    sha256 = models.CharField("SHA-256", max_length=64, editable=False)

    class Meta:
        ordering = ["display_order", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["icon", "cover", "screenshot", "inline"]), name="picture_kind"
            ),
            models.UniqueConstraint(
                fields=["download", "kind"], condition=Q(kind__in=["icon", "cover"]), name="picture_one_of_kind"
            ),
        ]
        indexes = [models.Index(fields=["download", "kind", "display_order", "id"], name="picture_order")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.download}"


class PictureSize(models.Model):
    """One size of a picture, as WebP. Its path contains the digest of the bytes, so it never shows other bytes."""

    picture = models.ForeignKey(Picture, on_delete=models.CASCADE, related_name="sizes")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="picture_sizes")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()

    class Meta:
        ordering = ["width"]
        constraints = [models.UniqueConstraint(fields=["picture", "width"], name="picture_size_once")]

    def __str__(self) -> str:
        return f"{self.picture_id}, {self.width} pixels wide"

    @property
    def path(self) -> str:
        return f"/pictures/{self.picture.public_id}/{self.width}-{self.blob.path_digest}.webp"


class SocialCard(TimeStampedModel):
    """The picture that is shown beside links to a download. `digest` is that of the values it was drawn from."""

    download = models.OneToOneField(Download, on_delete=models.CASCADE, related_name="social_card")
    blob = models.ForeignKey(Blob, on_delete=models.PROTECT, related_name="social_cards")
    digest = models.CharField(max_length=32)

    def __str__(self) -> str:
        return f"social card of {self.download_id}"
