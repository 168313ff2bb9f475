"""The shapes of responses of the mc-dm dialect, with the documented fields of the original API."""

from rest_framework import serializers

from downloads.models import Category, Download, Prefix
from files.models import File
from files.policies import file_policy
from releasehub.api.common.serializers import ReadOnlySerializer
from releasehub.api.mc_dm.fields import EpochField, OptionalIdField, PlaceField

DOWNLOAD_STATES = ["visible", "moderated", "deleted", "draft"]


class AbsoluteSerializer(ReadOnlySerializer):
    """A serializer that writes absolute links: `context["base_url"]` and the path."""

    def link(self, path: str) -> str:
        return f"{self.context['base_url']}{path}"


class McDmCategorySerializer(AbsoluteSerializer):
    category_id = serializers.IntegerField(source="pk")
    parent_category_id = OptionalIdField(source="parent_id", help_text="0: top level")
    title = serializers.CharField()
    description = serializers.CharField()
    display_order = serializers.IntegerField()
    download_count = serializers.IntegerField(
        source="visible_download_count", help_text="Downloads in this category that the caller may see"
    )
    fa_icon = serializers.CharField(source="icon")
    icon_color = serializers.CharField(source="color")
    view_url = serializers.URLField()

    def get_view_url(self, category: Category) -> str:
        return self.link(f"/downloads/categories/{category.slug}.{category.pk}/")


class McDmPrefixSerializer(ReadOnlySerializer):
    prefix_id = serializers.IntegerField(source="pk")
    title = serializers.CharField()
    color = serializers.ChoiceField(choices=Prefix.Color.choices)


class McDmUserSerializer(ReadOnlySerializer):
    user_id = serializers.IntegerField(source="pk")
    username = serializers.CharField()


class McDmDownloadSerializer(AbsoluteSerializer):
    download_id = serializers.IntegerField(source="pk")
    category_id = serializers.IntegerField()
    user_id = serializers.IntegerField(source="owner_id")
    title = serializers.CharField()
    tag_line = serializers.CharField()
    description = serializers.CharField()
    view_url = serializers.URLField()
    icon_url = serializers.URLField(allow_null=True)
    cover_url = serializers.URLField(allow_null=True)
    rating_avg = serializers.FloatField(help_text="From 1 to 5 with two decimals; 0: no rating yet")
    rating_count = serializers.IntegerField()
    review_count = serializers.IntegerField(help_text="Ratings that have a text")
    download_count = serializers.IntegerField()
    view_count = serializers.IntegerField()
    last_update = EpochField(source="last_update_at", help_text="Unix seconds")
    created_date = EpochField(source="created_at", help_text="Unix seconds")
    download_state = serializers.ChoiceField(choices=DOWNLOAD_STATES)
    prefix_id = OptionalIdField(help_text="0: none")
    current_version_id = OptionalIdField(help_text="0: none")

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
    file_id = serializers.IntegerField(source="pk")
    version_id = serializers.IntegerField()
    filename = serializers.CharField()
    display_label = serializers.CharField()
    file_size = serializers.IntegerField(source="size_bytes", help_text="Bytes")
    file_hash = serializers.CharField(
        allow_null=True, help_text="`sha256:` and hex digits; null for a link that was never fetched"
    )
    mime_type = serializers.CharField(allow_null=True)
    is_primary = serializers.BooleanField()
    is_externally_linked = serializers.BooleanField()
    external_url = serializers.URLField(allow_null=True)
    validation_status = serializers.ChoiceField(choices=File.Validation.values)
    display_order = PlaceField(help_text="From 1; 1 as well if no place was chosen")
    download_count = serializers.IntegerField()
    display_name = serializers.CharField(source="filename")
    is_external = serializers.BooleanField()
    is_link_only = serializers.BooleanField()

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
    version_id = serializers.IntegerField(source="pk")
    download_id = serializers.IntegerField()
    version_string = serializers.CharField(source="number")
    version_int = serializers.IntegerField()
    release_notes = serializers.CharField()
    changelog = serializers.CharField()
    release_date = EpochField(source="released_at", help_text="Unix seconds")
    is_published = serializers.BooleanField(source="is_released")
    file_count = serializers.IntegerField()
    download_count = serializers.IntegerField()
    display_title = serializers.CharField()
    primary_file_id = OptionalIdField(help_text="0: none")
