"""The shapes of the mc-dm dialect: what comes in is checked here, what goes out is named here.

The output serializers write their dict by hand: a list of twenty costs a third of what field objects cost. Their
declared fields feed the schema, and a test keeps both equal.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from rest_framework import serializers

from downloads.models import Category, Download
from files.models import File
from files.policies import file_policy
from releasehub.api.common.fields import FlagField, UnsignedField, WordsField
from versions.models import Version

DOWNLOAD_STATES = ["visible", "moderated", "deleted", "draft"]
WRITABLE_DOWNLOAD_STATES = ["visible", "draft"]
WRITABLE_VERSION_STATES = ["draft", "scheduled", "published"]


def epoch(moment: datetime | None) -> int:
    """Unix seconds; 0 means never."""
    return int(moment.timestamp()) if moment else 0


class AbsoluteSerializer(serializers.Serializer[Any]):
    """Links are absolute: `context["base_url"]` and the path."""

    def link(self, path: str) -> str:
        return f"{self.context['base_url']}{path}"


# --- out --------------------------------------------------------------------------------------------------------------


class McDmCategorySerializer(AbsoluteSerializer):
    category_id = serializers.IntegerField(read_only=True)
    parent_category_id = serializers.IntegerField(read_only=True, help_text="0: top level")
    title = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    display_order = serializers.IntegerField(read_only=True)
    download_count = serializers.IntegerField(read_only=True, help_text="Downloads in it that the caller may see")
    fa_icon = serializers.CharField(read_only=True)
    icon_color = serializers.CharField(read_only=True)
    view_url = serializers.URLField(read_only=True)

    def to_representation(self, category: Category) -> dict[str, Any]:
        return {
            "category_id": category.pk,
            "parent_category_id": category.parent_id or 0,
            "title": category.title,
            "description": category.description,
            "display_order": category.display_order,
            "download_count": category.visible_download_count,  # type: ignore[attr-defined]
            "fa_icon": category.icon,
            "icon_color": category.color,
            "view_url": self.link(f"/downloads/categories/{category.slug}.{category.pk}/"),
        }


class McDmUserSerializer(serializers.Serializer[Any]):
    user_id = serializers.IntegerField(read_only=True)
    username = serializers.CharField(read_only=True)


class McDmDownloadSerializer(AbsoluteSerializer):
    download_id = serializers.IntegerField(read_only=True)
    category_id = serializers.IntegerField(read_only=True)
    user_id = serializers.IntegerField(read_only=True)
    title = serializers.CharField(read_only=True)
    tag_line = serializers.CharField(read_only=True)
    description = serializers.CharField(read_only=True)
    view_url = serializers.URLField(read_only=True)
    icon_url = serializers.URLField(read_only=True, allow_null=True)
    cover_url = serializers.URLField(read_only=True, allow_null=True)
    rating_avg = serializers.FloatField(read_only=True, help_text="0: the hub has no reviews")
    rating_count = serializers.IntegerField(read_only=True)
    review_count = serializers.IntegerField(read_only=True)
    download_count = serializers.IntegerField(read_only=True)
    view_count = serializers.IntegerField(read_only=True)
    last_update = serializers.IntegerField(read_only=True, help_text="Unix seconds")
    created_date = serializers.IntegerField(read_only=True, help_text="Unix seconds")
    download_state = serializers.ChoiceField(choices=DOWNLOAD_STATES, read_only=True)
    prefix_id = serializers.IntegerField(read_only=True, help_text="0: the hub has no prefixes")
    current_version_id = serializers.IntegerField(read_only=True, help_text="0: none")

    def to_representation(self, download: Download) -> dict[str, Any]:
        return {
            "download_id": download.pk,
            "category_id": download.category_id,
            "user_id": download.owner_id,
            "title": download.title,
            "tag_line": download.tag_line,
            "description": download.description,
            "view_url": self.link(download.path),
            "icon_url": download.icon_url or None,
            "cover_url": download.cover_url or None,
            "rating_avg": 0.0,
            "rating_count": 0,
            "review_count": 0,
            "download_count": download.download_count,
            "view_count": download.view_count,
            "last_update": epoch(download.last_update_at),
            "created_date": epoch(download.created_at),
            "download_state": "deleted" if download.is_deleted else download.state,
            "prefix_id": 0,
            "current_version_id": download.current_version_id or 0,  # type: ignore[attr-defined]
        }


class McDmFileSerializer(AbsoluteSerializer):
    file_id = serializers.IntegerField(read_only=True)
    version_id = serializers.IntegerField(read_only=True)
    filename = serializers.CharField(read_only=True)
    display_label = serializers.CharField(read_only=True)
    file_size = serializers.IntegerField(read_only=True, help_text="Bytes")
    file_hash = serializers.CharField(
        read_only=True, allow_null=True, help_text="`sha256:` and hex; null for a link not read"
    )
    mime_type = serializers.CharField(read_only=True, allow_null=True)
    is_primary = serializers.BooleanField(read_only=True)
    is_externally_linked = serializers.BooleanField(read_only=True)
    external_url = serializers.URLField(read_only=True, allow_null=True)
    validation_status = serializers.ChoiceField(choices=File.Validation.values, read_only=True)
    display_order = serializers.IntegerField(read_only=True)
    download_count = serializers.IntegerField(read_only=True)
    display_name = serializers.CharField(read_only=True)
    is_external = serializers.BooleanField(read_only=True)
    is_link_only = serializers.BooleanField(read_only=True)

    def to_representation(self, file: File) -> dict[str, Any]:
        blob, is_external = file.blob, bool(file.external_url)
        sha256 = blob.sha256 if blob else file.external_sha256
        return {
            "file_id": file.pk,
            "version_id": file.version_id,
            "filename": file.filename,
            "display_label": file.display_label,
            "file_size": file.size_bytes,
            "file_hash": f"sha256:{sha256}" if sha256 else None,
            "mime_type": (blob.mime_type if blob else file.external_type) or None,
            "is_primary": file.is_primary,
            "is_externally_linked": is_external,
            "external_url": file_policy.external_url(self.context["actor"], file),
            "validation_status": file.validation_status,
            "display_order": file.display_order,
            "download_count": file.download_count,
            "display_name": file.filename,
            "is_external": is_external,
            "is_link_only": file.is_link_only,
        }


class McDmFullFileSerializer(McDmFileSerializer):
    public_id = serializers.CharField(read_only=True)
    platform = serializers.CharField(read_only=True)
    architecture = serializers.CharField(read_only=True)
    kind = serializers.ChoiceField(choices=File.Kind.values, read_only=True)
    sha512 = serializers.CharField(read_only=True, allow_null=True)
    md5 = serializers.CharField(read_only=True, allow_null=True)
    download_url = serializers.URLField(read_only=True)
    findings = serializers.ListField(
        child=serializers.DictField(child=serializers.CharField()), read_only=True, help_text="Why it failed its checks"
    )

    def to_representation(self, file: File) -> dict[str, Any]:
        blob = file.blob
        return super().to_representation(file) | {
            "public_id": file.public_id,
            "platform": file.platform,
            "architecture": file.architecture,
            "kind": file.kind,
            "sha512": blob.sha512 if blob else None,
            "md5": blob.md5 if blob else None,
            "download_url": self.link(f"/api/mc-dm-files/{file.pk}/download/"),
            "findings": file.findings,
        }


class McDmVersionSerializer(AbsoluteSerializer):
    version_id = serializers.IntegerField(read_only=True)
    download_id = serializers.IntegerField(read_only=True)
    version_string = serializers.CharField(read_only=True)
    version_int = serializers.IntegerField(read_only=True)
    release_notes = serializers.CharField(read_only=True)
    changelog = serializers.CharField(read_only=True)
    release_date = serializers.IntegerField(read_only=True, help_text="Unix seconds")
    is_published = serializers.BooleanField(read_only=True)
    file_count = serializers.IntegerField(read_only=True)
    download_count = serializers.IntegerField(read_only=True)
    display_title = serializers.CharField(read_only=True)
    primary_file_id = serializers.IntegerField(read_only=True, help_text="0: none")

    def to_representation(self, version: Version) -> dict[str, Any]:
        return {
            "version_id": version.pk,
            "download_id": version.download_id,
            "version_string": version.number,
            "version_int": version.version_int,
            "release_notes": version.release_notes,
            "changelog": version.changelog,
            "release_date": epoch(version.released_at),
            "is_published": version.is_released,
            "file_count": version.file_count,
            "download_count": version.download_count,
            "display_title": version.display_title,
            "primary_file_id": version.primary_file_id or 0,  # type: ignore[attr-defined]
        }


class McDmFullVersionSerializer(McDmVersionSerializer):
    """`context`: files (version id -> files), downloads (id -> download), verifying (ids), can_edit (-> bool)."""

    public_id = serializers.CharField(read_only=True)
    channel = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(choices=Version.State.values, read_only=True)
    is_active = serializers.BooleanField(read_only=True)
    is_yanked = serializers.BooleanField(read_only=True)
    yank_reason = serializers.CharField(read_only=True)
    is_verifying = serializers.BooleanField(read_only=True, help_text="Files of it are still being checked")
    platforms = serializers.ListField(child=serializers.CharField(), read_only=True)
    can_view = serializers.BooleanField(read_only=True)
    can_edit = serializers.BooleanField(read_only=True)
    is_visible = serializers.BooleanField(read_only=True)
    Files = McDmFileSerializer(many=True, read_only=True)
    Download = McDmDownloadSerializer(read_only=True)

    def to_representation(self, version: Version) -> dict[str, Any]:
        files = McDmFileSerializer(self.context["files"].get(version.pk, []), many=True, context=self.context)
        download = McDmDownloadSerializer(self.context["downloads"][version.download_id], context=self.context)
        return super().to_representation(version) | {
            "public_id": version.public_id,
            "channel": version.channel,
            "state": version.state,
            "is_active": version.is_active,
            "is_yanked": version.is_yanked,
            "yank_reason": version.yank_reason,
            "is_verifying": version.pk in self.context["verifying"],
            "platforms": version.platforms,
            "can_view": True,
            "can_edit": self.context["can_edit"](version),
            "is_visible": version.is_released and not version.is_deleted,
            "Files": files.data,
            "Download": download.data,
        }


class McDmFullDownloadSerializer(McDmDownloadSerializer):
    public_id = serializers.CharField(read_only=True)
    slug = serializers.CharField(read_only=True)
    can_view = serializers.BooleanField(read_only=True)
    can_edit = serializers.BooleanField(read_only=True)
    Category = McDmCategorySerializer(read_only=True)
    User = McDmUserSerializer(read_only=True)
    CurrentVersion = McDmVersionSerializer(read_only=True, allow_null=True)

    def to_representation(self, download: Download) -> dict[str, Any]:
        current = self.context["versions"].get(download.current_version_id)  # type: ignore[attr-defined]
        category = self.context["categories"][download.category_id]
        return super().to_representation(download) | {
            "public_id": download.public_id,
            "slug": download.slug,
            "can_view": True,
            "can_edit": self.context["can_edit"](download),
            "Category": McDmCategorySerializer(category, context=self.context).data,
            "User": {"user_id": download.owner_id, "username": download.owner.get_username()},
            "CurrentVersion": McDmVersionSerializer(current, context=self.context).data if current else None,
        }


class McDmFullCategorySerializer(McDmCategorySerializer):
    public_id = serializers.CharField(read_only=True)

    def to_representation(self, category: Category) -> dict[str, Any]:
        return super().to_representation(category) | {"public_id": category.public_id}


# --- in ---------------------------------------------------------------------------------------------------------------


class McDmCategoryUpdateSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=100, required=False)
    description = serializers.CharField(required=False, allow_blank=True, max_length=10_000, trim_whitespace=False)
    parent_category_id = UnsignedField(required=False, help_text="0: top level")
    display_order = UnsignedField(required=False, max_value=2**31 - 1)
    fa_icon = serializers.RegexField(r"^[a-z0-9-]*\Z", required=False, allow_blank=True, max_length=50, source="icon")
    icon_color = serializers.RegexField(
        r"^(#[0-9a-fA-F]{3}([0-9a-fA-F]{3})?)?\Z", required=False, allow_blank=True, source="color"
    )


class McDmCategoryCreateSerializer(McDmCategoryUpdateSerializer):
    title = serializers.CharField(max_length=100)


class McDmDownloadUpdateSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=150, required=False)
    tag_line = serializers.CharField(max_length=200, required=False, allow_blank=True)
    description = serializers.CharField(max_length=100_000, required=False, allow_blank=True, trim_whitespace=False)
    category_id = UnsignedField(required=False)
    download_state = serializers.ChoiceField(choices=WRITABLE_DOWNLOAD_STATES, required=False, source="state")
    visibility = serializers.ChoiceField(choices=Download.Visibility.choices, required=False)
    tags = WordsField(required=False, max_length=20)
    license = serializers.CharField(max_length=100, required=False, allow_blank=True)
    homepage_url = serializers.URLField(max_length=500, required=False, allow_blank=True)
    source_url = serializers.URLField(max_length=500, required=False, allow_blank=True)


class McDmDownloadCreateSerializer(McDmDownloadUpdateSerializer):
    title = serializers.CharField(max_length=150)
    slug = serializers.SlugField(max_length=100, required=False, help_text="Made from the title unless given")
    category_id = UnsignedField()


class McDmVersionUpdateSerializer(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=256, required=False, allow_blank=True)
    version_string = serializers.CharField(required=False, source="number", trim_whitespace=False, max_length=1000)
    release_notes = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    changelog = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)
    channel = serializers.CharField(required=False, max_length=50)
    platforms = WordsField(required=False, max_length=50)
    state = serializers.ChoiceField(choices=WRITABLE_VERSION_STATES, required=False)
    publish_at = serializers.DateTimeField(required=False)


class McDmVersionCreateSerializer(McDmVersionUpdateSerializer):
    download_id = UnsignedField()
    version_string = serializers.CharField(source="number", trim_whitespace=False, max_length=1000)


class McDmYankSerializer(serializers.Serializer[Any]):
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)


class McDmFileUpdateSerializer(serializers.Serializer[Any]):
    display_label = serializers.CharField(max_length=200, required=False, allow_blank=True)
    platform = serializers.CharField(max_length=50, required=False, allow_blank=True)
    architecture = serializers.CharField(max_length=50, required=False, allow_blank=True)
    display_order = UnsignedField(required=False, max_value=2**31 - 1)
    is_primary = FlagField(required=False)

    def validate_platform(self, value: str) -> str:
        return value.lower()

    def validate_architecture(self, value: str) -> str:
        return value.lower()


class McDmFileCreateSerializer(McDmFileUpdateSerializer):
    version_id = UnsignedField()
    file = serializers.FileField(required=False, allow_empty_file=True)
    external_url = serializers.CharField(required=False, max_length=2048)
    filename = serializers.CharField(
        required=False, max_length=1020, trim_whitespace=False, help_text="Of a link; an upload brings its own"
    )
    keep_copy = FlagField(required=False, source="wants_copy", help_text="Fetch the bytes behind external_url")
    sha256 = serializers.RegexField(
        r"^(sha256:)?[0-9a-fA-F]{64}\Z", required=False, help_text="Refused when the bytes differ"
    )


class McDmDeleteSerializer(serializers.Serializer[Any]):
    hard = FlagField(default=False)
    reason = serializers.CharField(required=False, allow_blank=True, default="", max_length=500)
