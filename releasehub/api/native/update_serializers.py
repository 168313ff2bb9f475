"""The shapes of update checks in the native API: the query and the response."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rest_framework import serializers

from files.models import File
from releasehub.api.common.cooldowns import CooldownQuerySerializer
from releasehub.api.common.fields import FlagField
from releasehub.api.common.serializers import OutputSerializer
from releasehub.distribution.links import file_path
from releasehub.distribution.updates import RejectedVersion, RejectionReason
from versions.models import Version
from versions.schemes import MAX_NUMBER_CHARACTERS


class UpdateQuerySerializer(CooldownQuerySerializer):
    version = serializers.CharField(
        max_length=MAX_NUMBER_CHARACTERS,
        required=False,
        default="",
        allow_blank=True,
        help_text="The installed version, such as 1.4.2",
    )
    platform = serializers.CharField(max_length=256, required=False, default="", allow_blank=True)
    arch = serializers.CharField(max_length=50, required=False, default="", allow_blank=True)
    channel = serializers.CharField(
        max_length=256,
        required=False,
        default="",
        allow_blank=True,
        help_text="By default, the channel that the download names",
    )
    key = serializers.CharField(max_length=200, required=False, default="", allow_blank=True, help_text="An access key")
    client = serializers.CharField(
        max_length=200,
        required=False,
        default="",
        allow_blank=True,
        help_text="A random ID of the installation, which decides about staged rollouts. The header X-User-Staging-Id "
        "does the same.",
    )
    allowed = FlagField(required=False, default=False, help_text="Only versions to which the access key gives access")
    explain = FlagField(
        required=False,
        default=False,
        help_text="For the team of the download: list the versions that were passed over, with the reasons",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        return attrs | {name: attrs[name].lower() for name in ("platform", "arch", "channel")}


class UpdateVersionSerializer(OutputSerializer):
    version_id = serializers.IntegerField(source="pk")
    public_id = serializers.CharField()
    number = serializers.CharField()
    tag = serializers.CharField(source="tag_name", help_text="The tag in the source repository, or v and the number")
    channel = serializers.CharField()
    title = serializers.CharField(source="display_title")
    release_notes = serializers.CharField(source="notes", help_text="Or the changelog of a version without notes")
    published_at = serializers.DateTimeField(help_text="The first publication; it never changes")
    public_since = serializers.DateTimeField(help_text="Since when everybody could see it with all its files")
    is_security_release = serializers.BooleanField()
    is_prerelease = serializers.BooleanField()
    rollout_percent = serializers.IntegerField(help_text="The share of clients that are offered this version")
    end_of_support = serializers.DateField(allow_null=True, help_text="The last day on which the version gets fixes")


class UpdateFileSerializer(OutputSerializer):
    file_id = serializers.IntegerField(source="pk")
    filename = serializers.CharField()
    size_bytes = serializers.IntegerField()
    platform = serializers.CharField()
    architecture = serializers.CharField()
    sha256 = serializers.CharField(help_text="Hex digits; empty if the hub does not know it")
    sha512 = serializers.CharField(help_text="Hex digits; empty if the hub does not know it")
    download_url = serializers.CharField(help_text="A permanent URL")

    def get_download_url(self, file: File) -> str:
        return f"{self.context['base_url']}{file_path(file)}"


class UpdateLeftOutSerializer(serializers.Serializer[Any]):
    version_id = serializers.IntegerField(source="version.pk")
    number = serializers.CharField(source="version.number")
    channel = serializers.CharField(source="version.channel")
    reasons = serializers.ListField(child=serializers.ChoiceField(choices=[reason.value for reason in RejectionReason]))


@dataclass(frozen=True)
class UpdateAnswer:
    """The newest version for a client and its file; `left_out` is None unless the team asked for an explanation.

    `held_back` is the version that the client would be offered without its cooldown.
    """

    version: Version | None
    file: File | None
    left_out: Sequence[RejectedVersion] | None
    held_back: Version | None = None


class UpdateHeldBackSerializer(OutputSerializer):
    version_id = serializers.IntegerField(source="pk")
    number = serializers.CharField()
    channel = serializers.CharField()
    published_at = serializers.DateTimeField()
    public_since = serializers.DateTimeField()


class UpdateAnswerSerializer(OutputSerializer):
    update_available = serializers.BooleanField()
    version = UpdateVersionSerializer(allow_null=True)
    file = UpdateFileSerializer(allow_null=True)
    held_back = UpdateHeldBackSerializer(
        required=False, help_text="With `min_age`: the newer version that is not old enough yet"
    )
    left_out = UpdateLeftOutSerializer(many=True, required=False)

    def to_representation(self, answer: UpdateAnswer) -> dict[str, Any]:
        data = super().to_representation(answer)
        for name in ("left_out", "held_back"):
            if getattr(answer, name) is None:
                del data[name]
        return data

    def get_update_available(self, answer: UpdateAnswer) -> bool:
        return answer.version is not None

    def get_left_out(self, answer: UpdateAnswer) -> Any:
        return UpdateLeftOutSerializer(answer.left_out or (), many=True).data
