"""The shapes of request bodies of the entity dialect."""

from typing import Any

from django.utils.text import slugify
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from releasehub.accounts.scopes import OrganizationScope
from releasehub.accounts.services import PLATFORM
from releasehub.api.common.fields import FlagField, NamesField, UnsignedField, VersionNumberField
from releasehub.api.common.scopes import UNKNOWN_SCOPES_HELP, ScopesInputSerializer
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.entity.schema import KINDS
from versions.numbering import InvalidNumber, parse
from versions.schemes import Scheme

SOURCE_HASH = r"^(?:[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128})\Z"
ICON_HASH = r"^(?:[0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{128})\Z"
PUBLIC_ID = r"^[a-z0-9]{1,24}\Z"
MAX_EMAILS = 100
MAX_DEPENDENCIES = 200
MAX_DEPTH = 50


class IdField(serializers.RegexField):
    def __init__(self, **options: Any) -> None:
        super().__init__(PUBLIC_ID, trim_whitespace=False, **options)


class HexField(serializers.RegexField):
    def __init__(self, pattern: str, **options: Any) -> None:
        super().__init__(pattern, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        return str(super().to_internal_value(data)).lower()


class CalverField(VersionNumberField):
    """A version number `YYYY.MM.DD-HHMMSS` that is a valid time in UTC."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=17, trim_whitespace=False, **options)

    def to_internal_value(self, data: Any) -> str:
        text = str(super().to_internal_value(data))
        try:
            return parse(text, Scheme.CALVER).text
        except InvalidNumber as error:
            raise serializers.ValidationError(str(error)) from error


@extend_schema_field({"oneOf": [{"type": "object", "additionalProperties": {}}, {"type": "string"}]})
class PackageJsonField(serializers.Field[Any, Any, Any, Any]):
    """The content of package.json, as an object or as the text of the file."""

    default_error_messages = {"invalid": "Enter an object or a text.", "nul": "NUL characters are not allowed."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict | str):
            self.fail("invalid")
        if not _is_clean(data):
            self.fail("nul")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class EntityCreateSerializer(InputSerializer):
    type = serializers.ChoiceField(choices=KINDS, source="kind")
    slug = serializers.SlugField(max_length=100)
    name = serializers.CharField(max_length=150)
    description = serializers.CharField(max_length=50_000, required=False, allow_blank=True)
    icon_path = serializers.CharField(max_length=200, required=False, allow_blank=True)
    icon_hash = HexField(ICON_HASH, required=False, allow_blank=True)


class EntityUpdateSerializer(InputSerializer):
    name = serializers.CharField(max_length=150, required=False, source="title")
    description = serializers.CharField(max_length=50_000, required=False, allow_blank=True)
    icon_path = serializers.CharField(max_length=200, required=False, allow_blank=True)
    icon_hash = HexField(ICON_HASH, required=False, allow_blank=True)


class EntityIconSerializer(InputSerializer):
    entity_slug = serializers.SlugField(max_length=100)
    ext = serializers.ChoiceField(choices=["svg", "png"])


class EntityUploadSerializer(InputSerializer):
    version = CalverField(help_text="YYYY.MM.DD-HHMMSS")
    source_hash = HexField(SOURCE_HASH, help_text="40, 64 or 128 hex characters")
    base_version_id = IdField(required=False, allow_null=True)
    force = FlagField(required=False, default=False)


class EntityConfirmSerializer(InputSerializer):
    storage_path = serializers.CharField(max_length=200)
    version = CalverField(source="number")
    source_hash = HexField(SOURCE_HASH)
    file_size_bytes = UnsignedField(source="size_bytes")
    service_dependencies = serializers.ListField(
        child=serializers.SlugField(max_length=100), max_length=MAX_DEPENDENCIES, required=False
    )
    package_json = PackageJsonField(required=False, allow_null=True, source="package_manifest")
    package_lock_path = serializers.CharField(max_length=200, required=False, allow_null=True, allow_blank=True)
    set_as_active = FlagField(required=False, default=False, source="is_active")
    force = FlagField(required=False, default=False, source="is_forced")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs["lockfile_path"] = attrs.pop("package_lock_path", None) or ""
        return attrs


class EntityActivateSerializer(InputSerializer):
    versionId = IdField(source="version_id")  # noqa: N815 - as on the wire


class EntityShareCreateSerializer(InputSerializer):
    emails = serializers.ListField(child=serializers.EmailField(), min_length=1, max_length=MAX_EMAILS)


class EntityPublisherCreateSerializer(InputSerializer):
    userId = IdField(source="user_id")  # noqa: N815 - as on the wire


class EntityStoreRemoveSerializer(InputSerializer):
    entityId = IdField(source="entity_id")  # noqa: N815 - as on the wire


class EntityStoreCreateSerializer(EntityStoreRemoveSerializer):
    isPublic = FlagField(required=False, default=False, source="is_public")  # noqa: N815 - as on the wire


class EntityMemberCreateSerializer(InputSerializer):
    email = serializers.EmailField()
    role_id = IdField(required=False, allow_null=True, help_text="The default is `member`")


class EntityMemberRoleSerializer(InputSerializer):
    role_id = IdField()


class EntityRoleUpdateSerializer(ScopesInputSerializer):
    known_scopes = OrganizationScope.values

    name = serializers.CharField(max_length=100, required=False)
    scope_ids = NamesField(max_length=100, required=False, source="scopes", help_text=UNKNOWN_SCOPES_HELP)


class EntityRoleCreateSerializer(EntityRoleUpdateSerializer):
    required_fields = ("name",)


class EntityOrganizationCreateSerializer(InputSerializer):
    name = serializers.CharField(max_length=100)
    slug = serializers.SlugField(max_length=100, required=False, help_text="By default it is made from the name")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        slug = attrs.get("slug") or slugify(attrs["name"])[:100]
        if not slug:
            raise serializers.ValidationError(
                {"slug": "No slug can be made from this name. Send a slug of letters, digits, hyphens and underscores."}
            )
        return attrs | {"slug": slug}


class EntityStorageUpdateSerializer(InputSerializer):
    provider = serializers.CharField(max_length=50, help_text=f"`{PLATFORM}`; any other provider is rejected with 422")
    bucket_name = serializers.CharField(max_length=200, required=False, allow_null=True)
    endpoint = serializers.CharField(max_length=500, required=False, allow_null=True)
    region = serializers.CharField(max_length=100, required=False, allow_null=True)


def _is_clean(value: Any, depth: int = 0) -> bool:
    """Return whether a value has no NUL, which databases do not store, and is not nested too deeply."""
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, str):
        return "\0" not in value
    if isinstance(value, dict):
        return all("\0" not in name and _is_clean(inner, depth + 1) for name, inner in value.items())
    return not isinstance(value, list) or all(_is_clean(inner, depth + 1) for inner in value)
