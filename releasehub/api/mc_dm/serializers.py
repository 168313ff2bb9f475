"""The shapes of responses of the mc-dm dialect, with the documented fields of the original API."""

from rest_framework import serializers

from downloads.models import Category, Download, Prefix
from files.models import File
from files.policies import file_policy
from releasehub.api.common.serializers import OutputSerializer
from releasehub.api.mc_dm.fields import EpochField, OptionalIdField, PlaceField

DOWNLOAD_STATES = ["visible", "moderated", "deleted", "draft"]


class AbsoluteSerializer(OutputSerializer):
    """A serializer that writes absolute links: `context["base_url"]` and the path."""

    def link(self, path: str) -> str:
        return f"{self.context['base_url']}{path}"


class McDmCategorySerializer(AbsoluteSerializer):
    category_id = serializers.IntegerField(read_only=True, source="pk")
    parent_category_id = OptionalIdField(read_only=True, source="parent_id", help_text="0: top level")
    title = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    display_order = serializers.IntegerField(read_only=True)
    download_count = serializers.IntegerField(
        read_only=True, source="visible_download_count", help_text="Downloads in this category that the caller may see"
    )
    fa_icon = serializers.CharField(read_only=True, source="icon")
    icon_color = serializers.CharField(read_only=True, source="color")
    view_url = serializers.URLField(read_only=True)

    def get_view_url(self, category: Category) -> str:
        return self.link(f"/downloads/categories/{category.slug}.{category.pk}/")


class McDmPrefixSerializer(OutputSerializer):
    prefix_id = serializers.IntegerField(read_only=True, source="pk")
    title = serializers.CharField(read_only=True)
    color = serializers.ChoiceField(choices=Prefix.Color.choices, read_only=True)


class McDmUserSerializer(OutputSerializer):
    user_id = serializers.IntegerField(read_only=True, source="pk")
    username = serializers.CharField(read_only=True)


class McDmDownloadSerializer(AbsoluteSerializer):
    download_id = serializers.IntegerField(read_only=True, source="pk")
    category_id = serializers.IntegerField(read_only=True)
    user_id = serializers.IntegerField(read_only=True, source="owner_id")
    title = serializers.CharField(read_only=True)
    tag_line = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    view_url = serializers.URLField(read_only=True)
    icon_url = serializers.URLField(read_only=True, allow_null=True)
    cover_url = serializers.URLField(read_only=True, allow_null=True)
    rating_avg = serializers.FloatField(read_only=True, help_text="From 1 to 5 with two decimals; 0: no rating yet")
    rating_count = serializers.IntegerField(read_only=True)
    review_count = serializers.IntegerField(read_only=True, help_text="Ratings that have a text")
    download_count = serializers.IntegerField(read_only=True)
    view_count = serializers.IntegerField(read_only=True)
    last_update = EpochField(read_only=True, source="last_update_at", help_text="Unix seconds")
    created_date = EpochField(read_only=True, source="created_at", help_text="Unix seconds")
    download_state = serializers.ChoiceField(choices=DOWNLOAD_STATES, read_only=True)
    prefix_id = OptionalIdField(read_only=True, help_text="0: none")
    current_version_id = OptionalIdField(read_only=True, help_text="0: none")

    def get_view_url(self, download: Download) -> str:
        return self.link(download.path)

    def get_icon_url(self, download: Download) -> str | None:
        return self.picture_url(download, "icon", download.icon_url)

    def get_cover_url(self, download: Download) -> str | None:
        return self.picture_url(download, "cover", download.cover_url)

    def picture_url(self, download: Download, kind: str, other_url: str) -> str | None:
        """Return the URL of the stored picture, or else the URL elsewhere that the author has entered."""
        path = download.picture_path(kind)
        return self.link(path) if path else other_url or None

    def get_download_state(self, download: Download) -> str:
        return "deleted" if download.is_deleted else download.state


class McDmFileSerializer(AbsoluteSerializer):
    file_id = serializers.IntegerField(read_only=True, source="pk")
    version_id = serializers.IntegerField(read_only=True)
    filename = serializers.CharField(read_only=True)
    display_label = serializers.CharField(read_only=True)
    file_size = serializers.IntegerField(read_only=True, source="size_bytes", help_text="Bytes")
    file_hash = serializers.CharField(
        read_only=True, allow_null=True, help_text="`sha256:` and hex digits; null for a link that was never fetched"
    )
    mime_type = serializers.CharField(read_only=True, allow_null=True)
    is_primary = serializers.BooleanField(read_only=True)
    is_externally_linked = serializers.BooleanField(read_only=True)
    external_url = serializers.URLField(read_only=True, allow_null=True)
    validation_status = serializers.ChoiceField(choices=File.Validation.values, read_only=True)
    display_order = PlaceField(read_only=True, help_text="From 1; 1 as well if no place was chosen")
    download_count = serializers.IntegerField(read_only=True)
    display_name = serializers.CharField(read_only=True, source="filename")
    is_external = serializers.BooleanField(read_only=True)
    is_link_only = serializers.BooleanField(read_only=True)

    def get_file_hash(self, file: File) -> str | None:
        sha256 = file.blob.sha256 if file.blob else file.external_sha256
        return f"sha256:{sha256}" if sha256 else None

    def get_mime_type(self, file: File) -> str | None:
        return (file.blob.mime_type if file.blob else file.external_type) or None

    def get_is_external(self, file: File) -> bool:
        return bool(file.external_url)

    get_is_externally_linked = get_is_external

    def get_external_url(self, file: File) -> str | None:
        return file_policy.external_url(self.context["actor"], file)


class McDmVersionSerializer(AbsoluteSerializer):
    version_id = serializers.IntegerField(read_only=True, source="pk")
    download_id = serializers.IntegerField(read_only=True)
    version_string = serializers.CharField(read_only=True, source="number")
    version_int = serializers.IntegerField(read_only=True)
    release_notes = serializers.CharField(read_only=True)
    changelog = serializers.CharField(read_only=True)
    release_date = EpochField(read_only=True, source="released_at", help_text="Unix seconds")
    is_published = serializers.BooleanField(read_only=True, source="is_released")
    file_count = serializers.IntegerField(read_only=True)
    download_count = serializers.IntegerField(read_only=True)
    display_title = serializers.CharField(read_only=True)
    primary_file_id = OptionalIdField(read_only=True, help_text="0: none")
