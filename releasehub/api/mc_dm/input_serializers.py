"""The shapes of request bodies of the mc-dm dialect."""

from typing import Any

from rest_framework import serializers

from downloads.models import Category, Download, Prefix
from downloads.warning_kinds import WARNING_KINDS, clean_warning_kinds
from releasehub.api.common.fields import FlagField, UnsignedField, VersionNumberField, WordsField
from releasehub.api.common.serializers import InputSerializer
from releasehub.core.errors import Invalid
from releasehub.core.numbers import MAX_INTEGER
from versions.platforms import MAX_PLATFORM_CHARACTERS, MAX_PLATFORMS
from versions.rollout import EVERYONE, NOBODY
from versions.tags import MAX_TAG_CHARACTERS

WRITABLE_DOWNLOAD_STATES = ["visible", "draft"]
INHERIT = "inherit"
WRITABLE_VERSION_STATES = ["draft", "scheduled", "published"]


def find_category(serializer: serializers.Serializer[Any], category_id: int, field: str) -> Category:
    categories = Category.objects.visible_to(serializer.context["actor"])
    category: Category | None = categories.filter(pk=category_id).first()
    if category is None:
        raise Invalid("This category does not exist, or you may not see it. Check the id.", field=field)
    return category


def find_prefix(prefix_id: int) -> Prefix:
    prefix = Prefix.objects.filter(pk=prefix_id).first()
    if prefix is None:
        raise Invalid("This prefix does not exist. Check the id, or send 0 for none.", field="prefix")
    return prefix


class McDmCategoryUpdateSerializer(InputSerializer):
    title = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000, trim_whitespace=False)
    parent_category_id = UnsignedField(required=False, help_text="0: top level")
    display_order = UnsignedField(required=False, max_value=MAX_INTEGER)
    fa_icon = serializers.RegexField(r"^[a-z0-9-]*\Z", required=False, allow_blank=True, max_length=50, source="icon")
    icon_color = serializers.RegexField(
        r"^(#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?)?\Z", required=False, allow_blank=True, source="color"
    )
    rejected_warnings = WordsField(
        required=False,
        max_length=len(WARNING_KINDS),
        help_text=f"Warnings that reject a file in this category; [{INHERIT!r}]: those of the parent category",
    )

    def validate_rejected_warnings(self, value: list[str]) -> list[str] | None:
        return None if value == [INHERIT] else clean_warning_kinds(value)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Replace `parent_category_id` by the row `parent`; 0 is the top level."""
        if "parent_category_id" in attrs:
            parent_id = attrs.pop("parent_category_id")
            attrs["parent"] = find_category(self, parent_id, "parent") if parent_id else None
        return attrs


class McDmCategoryCreateSerializer(McDmCategoryUpdateSerializer):
    required_fields = ("title",)


class McDmDownloadUpdateSerializer(InputSerializer):
    title = serializers.CharField(max_length=150, required=False)
    tag_line = serializers.CharField(max_length=200, required=False, allow_blank=True)
    description = serializers.CharField(max_length=100_000, required=False, allow_blank=True, trim_whitespace=False)
    category_id = UnsignedField(required=False)
    prefix_id = UnsignedField(required=False, help_text="0: none")
    download_state = serializers.ChoiceField(choices=WRITABLE_DOWNLOAD_STATES, required=False, source="state")
    visibility = serializers.ChoiceField(choices=Download.Visibility.choices, required=False)
    tags = WordsField(required=False, max_length=20)
    license = serializers.CharField(max_length=100, required=False, allow_blank=True)
    homepage_url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    source_url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    version_scheme = serializers.ChoiceField(
        choices=Download.VersionScheme.choices,
        required=False,
        allow_blank=True,
        help_text="How versions are read and compared; an empty text detects the scheme from each number",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Replace `category_id` by the row `category`, and `prefix_id` by the row `prefix` or None."""
        if "category_id" in attrs:
            attrs["category"] = find_category(self, attrs.pop("category_id"), "category")
        if "prefix_id" in attrs:
            prefix_id = attrs.pop("prefix_id")
            attrs["prefix"] = find_prefix(prefix_id) if prefix_id else None
        return attrs


class McDmDownloadCreateSerializer(McDmDownloadUpdateSerializer):
    slug = serializers.SlugField(max_length=100, required=False, help_text="Made from the title by default")
    required_fields = ("title", "category_id")


class McDmVersionUpdateSerializer(InputSerializer):
    title = serializers.CharField(max_length=256, required=False, allow_blank=True)
    version_string = VersionNumberField(required=False, source="number", trim_whitespace=False, max_length=1000)
    tag = serializers.CharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        max_length=MAX_TAG_CHARACTERS,
        help_text="The tag in the source repository, kept exactly as sent",
    )
    release_notes = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    changelog = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    end_of_support = serializers.DateField(
        required=False, allow_null=True, help_text="The last day with fixes for this version; null: not known"
    )
    rollout_percent = serializers.IntegerField(
        required=False,
        min_value=NOBODY,
        max_value=EVERYONE,
        help_text="The share of clients that are offered the version",
    )
    channel = serializers.CharField(required=False, max_length=256)
    platforms = WordsField(
        child=serializers.CharField(max_length=MAX_PLATFORM_CHARACTERS),
        required=False,
        max_length=MAX_PLATFORMS,
        keeps_case=True,
    )
    state = serializers.ChoiceField(choices=WRITABLE_VERSION_STATES, required=False)
    publish_at = serializers.DateTimeField(required=False)


class McDmVersionCreateSerializer(McDmVersionUpdateSerializer):
    download_id = UnsignedField()
    required_fields = ("version_string",)


class McDmYankSerializer(InputSerializer):
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class McDmFileUpdateSerializer(InputSerializer):
    display_label = serializers.CharField(max_length=200, required=False, allow_blank=True)
    platform = serializers.CharField(max_length=50, required=False, allow_blank=True)
    architecture = serializers.CharField(max_length=50, required=False, allow_blank=True)
    display_order = UnsignedField(required=False, max_value=MAX_INTEGER)
    is_primary = FlagField(required=False)


class McDmFileCreateSerializer(McDmFileUpdateSerializer):
    version_id = UnsignedField()
    file = serializers.FileField(required=False, allow_empty_file=True)
    external_url = serializers.CharField(required=False, max_length=2048)
    filename = serializers.CharField(
        required=False,
        max_length=1020,
        trim_whitespace=False,
        help_text="The file name of a link; an uploaded file has its own",
    )
    keep_copy = FlagField(
        required=False, source="wants_copy", help_text="Store a copy of the file behind `external_url` on the hub"
    )
    sha256 = serializers.RegexField(
        r"^(sha256:)?[0-9a-fA-F]{64}\Z",
        required=False,
        help_text="The expected checksum; a file with another one is rejected",
    )
    keep_rejected = FlagField(
        required=False,
        help_text="Store a file even if its content is rejected, so that a moderator can let it through",
    )


class McDmCommentUpdateSerializer(InputSerializer):
    message = serializers.CharField(required=False, source="text", trim_whitespace=False, help_text="Markdown")


class McDmCommentCreateSerializer(McDmCommentUpdateSerializer):
    download_id = UnsignedField()
    required_fields = ("message",)


class McDmDeleteSerializer(InputSerializer):
    hard = FlagField(default=False)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
