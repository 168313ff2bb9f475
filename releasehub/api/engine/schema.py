"""The parts of the OpenAPI schema of the engine dialect that do not follow from its serializers."""

from functools import partial

from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiResponse,
    extend_schema,
    extend_schema_view,
    inline_serializer,
)

from releasehub.api.common.cooldowns import CooldownQuerySerializer
from releasehub.api.engine.input_serializers import (
    EngineAddedFilesSerializer,
    EngineDeleteQuerySerializer,
    EngineFileDeleteQuerySerializer,
    EngineLatestQuerySerializer,
    EngineListQuerySerializer,
    EngineVersionCreateSerializer,
    EngineVersionUpdateSerializer,
)
from releasehub.api.engine.serializers import EngineVersionSerializer
from releasehub.api.engine.throttling import RATE_HEADERS

EXAMPLE = {
    "name": "Version 1.0.0",
    "version_number": "1.0.0",
    "changelog": "List of changes in this version...",
    "changelog_url": "https://example.com/changelog",
    "version_type": "release",
    "status": "listed",
    "id": "uohlw2d5lfh5pdgaavtsw9v6",
    "author_id": "dtgc58bc5olg7wlvhb10xpy6",
    "date_published": "2024-11-15T10:00:00Z",
    "files": [
        {
            "hash": "ddaf35a1…a54ca49f",
            "url": "https://hub.example.org/d/engine/1.0.0/engine-windows-x64.zip",
            "filename": "engine-windows-x64.zip",
            "size": 1234567,
            "architecture": "x64",
        }
    ],
    "github_release_url": "https://github.com/username/repo/releases/tag/example",
}
RATE = [
    OpenApiParameter(name, int, OpenApiParameter.HEADER, response=True, description=text)
    for name, text in RATE_HEADERS.items()
]
ID = OpenApiParameter("id", str, OpenApiParameter.PATH, description="The id of a version.")
HASH = OpenApiParameter(
    "hash", str, OpenApiParameter.PATH, description="SHA-512 or SHA-256 as hex digits, in upper or lower case."
)
IDS = OpenApiParameter(
    "ids",
    {"type": "array", "items": {"type": "string"}},
    OpenApiParameter.QUERY,
    required=True,
    description="At most 100 ids: as repeated `ids`, `ids[]` or `ids[0]`, separated by commas, or as a JSON array.",
)
HASHES = OpenApiParameter(
    "hashes",
    {"type": "array", "items": {"type": "string"}},
    OpenApiParameter.QUERY,
    required=True,
    description="At most 100 checksums, SHA-512 or SHA-256, in the forms of `ids`.",
)
VERSION_RESPONSE = OpenApiResponse(
    EngineVersionSerializer, examples=[OpenApiExample("Version", value=EXAMPLE, response_only=True)]
)
VERSIONS_BY_CHECKSUM = {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/EngineVersion"}}
about = partial(extend_schema, tags=["engine"])
documented_many = about(
    operation_id="engine_versions",
    summary="Get versions by id",
    description="In the requested order. Versions that do not exist or that the caller may not see are left out.",
    parameters=[IDS, *RATE],
    responses=EngineVersionSerializer(many=True),
)
documented_latest = about(
    operation_id="engine_version_latest",
    summary="Get the newest version",
    description="By version order, never by date. Clients of the beta channel are offered stable versions as well.",
    parameters=[EngineLatestQuerySerializer, *RATE],
    responses={200: VERSION_RESPONSE},
)
documented_added_files = about(
    operation_id="engine_version_file_create",
    summary="Add files to a version",
    parameters=[ID, *RATE],
    request=EngineAddedFilesSerializer,
    responses={200: VERSION_RESPONSE},
)
documented_newest = about(
    operation_id="engine_version_file_update",
    summary="Find the newest version for a client that has a file",
    description=(
        "By version order, in the channel of the file's version and for the platform of the file, unless the body "
        "names others. If no version is newer, the response is the version of the file."
    ),
    parameters=[HASH, CooldownQuerySerializer, *RATE],
    responses={200: VERSION_RESPONSE},
)
documented_by_checksums = about(
    operation_id="engine_version_files",
    summary="Find the versions that own files",
    description="The response maps each known checksum, as it was sent, to a version. Unknown ones are left out.",
    parameters=RATE,
    responses={200: VERSIONS_BY_CHECKSUM},
)
documented_owners = about(
    operation_id="engine_version_files_list",
    summary="List the versions that own files",
    description="In the requested order, each version once. Unknown checksums are left out; 404 if all are unknown.",
    parameters=[HASHES, *RATE],
    responses=EngineVersionSerializer(many=True),
)
documented_versions = extend_schema_view(
    list=about(
        summary="List versions, newest first",
        description=(
            "50 versions per page; `Link` contains the neighboring pages. With `offset`, 10 versions, and no `Link`. "
            "`platform` looks at offered files."
        ),
        parameters=[EngineListQuerySerializer, *RATE],
        responses=EngineVersionSerializer(many=True),
    ),
    retrieve=about(summary="Get a version", parameters=[ID, *RATE], responses={200: VERSION_RESPONSE}),
    create=about(
        summary="Create a version",
        description="Needs at least one file, except for a draft. All is created together, or nothing is.",
        parameters=RATE,
        request=inline_serializer("EngineVersionCreateBody", {"data": EngineVersionCreateSerializer()}),
        responses={200: VERSION_RESPONSE},
    ),
    partial_update=about(
        summary="Change a version; fields left out stay as they are, and files are added",
        parameters=[ID, *RATE],
        request=inline_serializer("EngineVersionUpdateBody", {"data": EngineVersionUpdateSerializer()}),
        responses={200: VERSION_RESPONSE},
    ),
    destroy=about(
        summary="Delete a version",
        description="The version can be restored during the retention period.",
        parameters=[ID, EngineDeleteQuerySerializer, *RATE],
        responses={204: None},
    ),
)
documented_files = extend_schema_view(
    retrieve=about(
        summary="Find the version that owns a file",
        description="If several versions have the file, the newest one by version order.",
        parameters=[HASH, *RATE],
        responses={200: VERSION_RESPONSE},
    ),
    destroy=about(
        summary="Remove a file from its version",
        parameters=[HASH, EngineFileDeleteQuerySerializer, *RATE],
        responses={204: None},
    ),
)
