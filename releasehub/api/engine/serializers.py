"""The shapes of responses of the engine dialect. An unknown text is empty, and an unknown size is 0."""

from collections.abc import Sequence

from rest_framework import serializers

from files.models import File
from releasehub.api.common.fields import TextOrNullField, format_second
from releasehub.api.common.serializers import OutputSerializer
from releasehub.api.engine import terms
from releasehub.distribution.links import file_path
from versions.models import Version


class EngineFileSerializer(OutputSerializer):
    hash = serializers.CharField(source="sha512", help_text="SHA-512 as hex digits; empty until the hub knows it")
    url = serializers.CharField(
        help_text="The permanent URL; for a release asset that was not looked up yet, the release page"
    )
    filename = serializers.CharField()
    size = serializers.IntegerField(source="size_bytes", help_text="Bytes")
    architecture = serializers.CharField()

    def get_url(self, file: File) -> str:
        if file.blob is None and not file.external_url:
            return file.version.release_page_url
        return f"{self.context['base_url']}{file_path(file)}"


class EngineVersionSerializer(OutputSerializer):
    """A version with its files. `context["files"]` maps the id of a version to the files to show."""

    name = serializers.CharField(source="display_title")
    version_number = serializers.CharField(source="number")
    changelog = TextOrNullField(allow_null=True)
    changelog_url = TextOrNullField(allow_null=True)
    version_type = serializers.ChoiceField(choices=terms.TYPES)
    status = serializers.ChoiceField(choices=terms.STATUSES)
    id = serializers.CharField(source="public_id")
    author_id = serializers.CharField()
    date_published = serializers.DateTimeField()
    files = EngineFileSerializer(many=True)
    github_release_url = serializers.CharField(source="release_page_url")

    def get_changelog(self, version: Version) -> str | None:
        return getattr(version, version.notes_field("changelog")) or None

    def get_version_type(self, version: Version) -> str:
        return terms.type_of(version)

    def get_status(self, version: Version) -> str:
        return terms.status_of(version)

    def get_author_id(self, version: Version) -> str:
        return version.author.public_id if version.author else ""

    def get_date_published(self, version: Version) -> str:
        return format_second(version.publish_at or version.released_at)

    def get_files(self, version: Version) -> Sequence[File]:
        return self.context["files"].get(version.pk, ())
