"""The parts of the OpenAPI schema of the GitHub dialect that do not follow from its serializers."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from releasehub.api.common.schema import ANY_TYPE, OCTETS
from releasehub.api.github.input_serializers import GitHubUploadQuerySerializer
from releasehub.api.github.pagination import DEFAULT_PER_PAGE, MAX_PER_PAGE
from releasehub.api.github.throttling import RATE_HEADERS

OWNER = OpenApiParameter(
    "owner", str, OpenApiParameter.PATH, description="The slug of an organization, or a username; in any case."
)
REPO = OpenApiParameter("repo", str, OpenApiParameter.PATH, description="The slug of a download; in any case.")
LOGIN = OpenApiParameter("login", str, OpenApiParameter.PATH, description="A username, or the slug of an organization.")
RELEASE_ID = OpenApiParameter("release_id", int, OpenApiParameter.PATH, description="The id of a release.")
ASSET_ID = OpenApiParameter("asset_id", int, OpenApiParameter.PATH, description="The id of an asset.")
TAG = OpenApiParameter(
    "tag", str, OpenApiParameter.PATH, description="A tag, raw or percent-encoded. The bare number works, too."
)
F = TypeVar("F", bound=Callable[..., Any])
REPOSITORY = (OWNER, REPO)
HEADERS = tuple(
    OpenApiParameter(
        name, str if name.endswith("Resource") else int, OpenApiParameter.HEADER, response=True, description=text
    )
    for name, text in RATE_HEADERS.items()
)
PAGING = (
    OpenApiParameter("page", int, description="Starts at 1. The list is empty beyond the last page."),
    OpenApiParameter("per_page", int, description=f"1 to {MAX_PER_PAGE}; {DEFAULT_PER_PAGE} by default."),
    OpenApiParameter(
        "Link", str, OpenApiParameter.HEADER, response=[200], description="The first, last and neighboring pages."
    ),
)
DELETED = OpenApiResponse(description="It was deleted.")
NO_CONTENT = OpenApiResponse(description="It is so.")
UPLOAD = (
    "The body is the file itself, of any media type, also empty or in chunks. Sending the same bytes under the same "
    "name again answers with the existing asset."
)
BYTES = {OCTETS: OpenApiTypes.BINARY, ANY_TYPE: OpenApiTypes.BINARY}


def operation(*parameters: Any, **options: Any) -> Callable[[F], F]:
    """Return the decorator that documents an operation of the dialect."""
    return extend_schema(tags=["github"], parameters=[*parameters, *HEADERS], **options)


def repository_operation(*parameters: Any, **options: Any) -> Callable[[F], F]:
    """Return the decorator that documents an operation on one repository."""
    return operation(*REPOSITORY, *parameters, **options)


def upload_operation(name: str, **options: Any) -> Callable[[F], F]:
    """Return the decorator that documents an upload, which two URLs accept."""
    return repository_operation(
        RELEASE_ID,
        GitHubUploadQuerySerializer,
        operation_id=name,
        summary="Upload an asset",
        description=UPLOAD,
        request=BYTES,
        **options,
    )
