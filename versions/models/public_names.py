"""Numbers and tags under which outsiders could see a version. They stay reserved for it."""

from django.db import models

from downloads.models import Download
from versions.channels import MAX_CHANNEL_CHARACTERS
from versions.models.version import MAX_SORT_KEY_BYTES, Version
from versions.platforms import MAX_PLATFORM_CHARACTERS
from versions.schemes import MAX_NUMBER_CHARACTERS
from versions.tags import MAX_TAG_CHARACTERS


class PublicNumber(models.Model):
    """A number under which outsiders could see a version. In its channel, it is reserved for that version forever.

    There is one row for each platform that the version declared, or one with an empty `platform` for all platforms.

    The version may have another number or channel by now. `version` is null after a hard delete. `reason` then says why
    the version was erased, and `was_open` whether the version was open at that moment, so that the reason may be shown.
    """

    download = models.ForeignKey(Download, on_delete=models.CASCADE, related_name="public_numbers")
    channel = models.CharField(max_length=MAX_CHANNEL_CHARACTERS)
    platform = models.CharField(max_length=MAX_PLATFORM_CHARACTERS, blank=True, default="")
    is_twin = models.BooleanField(default=False)
    sort_key = models.BinaryField(max_length=MAX_SORT_KEY_BYTES)
    number = models.CharField(max_length=MAX_NUMBER_CHARACTERS)
    version = models.ForeignKey(
        Version, null=True, blank=True, on_delete=models.SET_NULL, related_name="public_numbers"
    )
    was_open = models.BooleanField(default=True)
    reason = models.CharField(max_length=500, blank=True)
    first_public_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["download", "channel", "sort_key", "platform"], name="public_number_once"),
        ]
        indexes = [
            models.Index(fields=["download", "number"], name="public_number_by_text"),
            models.Index(fields=["download", "sort_key"], name="public_number_by_key"),
        ]

    def __str__(self) -> str:
        return self.number


class PublicTag(models.Model):
    """A tag under which outsiders could see a version. It is reserved for that version forever.

    The version may have another tag by now. `version` is null after a hard delete.
    """

    download = models.ForeignKey(Download, on_delete=models.CASCADE, related_name="public_tags")
    tag = models.CharField(max_length=MAX_TAG_CHARACTERS)
    version = models.ForeignKey(Version, null=True, blank=True, on_delete=models.SET_NULL, related_name="public_tags")
    first_public_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["download", "tag"], name="public_tag_once")]

    def __str__(self) -> str:
        return self.tag
