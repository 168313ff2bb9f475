"""The shapes of request bodies and query strings in the GitHub dialect."""

from typing import Any

from rest_framework import serializers

from releasehub.api.common.fields import VersionNumberField
from releasehub.api.common.serializers import InputSerializer, QuerySerializer
from versions.tags import MAX_TAG_CHARACTERS

MAKE_LATEST = ("true", "false", "legacy")
IGNORED = ("make_latest", "discussion_category_name", "configuration_file_path", "state")


class TagField(VersionNumberField):
    """A tag. As a JSON number, 1.10 would silently become 1.1, so only a string is accepted."""

    default_error_messages = {"not_a_string": 'A tag must be a string. Put it in quotes, such as "v1.10".'}

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MAX_TAG_CHARACTERS, trim_whitespace=False, **options)


class GitHubInputSerializer(InputSerializer):
    """A body whose members without a counterpart in the hub are accepted and ignored."""

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in attrs.items() if name not in IGNORED}


class GitHubReleaseUpdateSerializer(GitHubInputSerializer):
    tag_name = TagField(required=False, source="tag", help_text="Kept exactly as sent; the number follows from it")
    target_commitish = serializers.CharField(required=False, allow_blank=True, max_length=255, source="commitish")
    name = serializers.CharField(required=False, allow_blank=True, max_length=256, source="title")
    body = serializers.CharField(
        required=False, allow_blank=True, trim_whitespace=False, source="release_notes", help_text="Markdown"
    )
    draft = serializers.BooleanField(required=False, source="is_draft", help_text="False publishes the release")
    prerelease = serializers.BooleanField(
        required=False, source="is_prerelease", help_text="True puts the release into a channel for testers"
    )
    make_latest = serializers.ChoiceField(
        choices=MAKE_LATEST, required=False, help_text="Ignored: the latest release is the one with the highest number"
    )
    discussion_category_name = serializers.CharField(required=False, allow_blank=True, help_text="Ignored")


class GitHubReleaseCreateSerializer(GitHubReleaseUpdateSerializer):
    generate_release_notes = serializers.BooleanField(
        required=False, help_text="Append the notes of the releases since the previous one to `body`"
    )
    required_fields = ("tag_name",)
    default_values = {
        "target_commitish": "",
        "name": "",
        "body": "",
        "draft": False,
        "prerelease": False,
        "generate_release_notes": False,
    }


class GitHubNotesInputSerializer(GitHubInputSerializer):
    tag_name = TagField(source="tag")
    target_commitish = serializers.CharField(required=False, allow_blank=True, max_length=255, help_text="Ignored")
    previous_tag_name = TagField(
        required=False, allow_blank=True, source="previous_tag", help_text="By default the release before `tag_name`"
    )
    configuration_file_path = serializers.CharField(required=False, allow_blank=True, help_text="Ignored")


class GitHubAssetUpdateSerializer(GitHubInputSerializer):
    name = serializers.CharField(required=False, max_length=255, trim_whitespace=False, source="filename")
    label = serializers.CharField(  # type: ignore[assignment]
        required=False, allow_blank=True, max_length=200, source="display_label"
    )
    state = serializers.CharField(required=False, help_text="Ignored")


class GitHubUploadQuerySerializer(QuerySerializer):
    name = serializers.CharField(max_length=1000, trim_whitespace=False, help_text="The name of the file")
    label = serializers.CharField(  # type: ignore[assignment]
        required=False, allow_blank=True, max_length=200, help_text="A name for people, shown in lists"
    )
