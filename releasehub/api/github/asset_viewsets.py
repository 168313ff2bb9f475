"""`/api/v3/repos/{owner}/{repo}/releases/assets/{id}`: the files of releases, and their bytes."""

from typing import Any

from django.conf import settings
from django.http import HttpResponseBase
from drf_spectacular.utils import OpenApiParameter, extend_schema_view
from rest_framework.request import Request

from files.models import File
from files.policies import file_policy
from files.services import lock_file, update_file
from releasehub.api.common.model_mixins import DestroyModelMixin, PartialUpdateModelMixin, RetrieveModelMixin
from releasehub.api.common.schema import FILE_RESPONSES
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.github.errors import asset_envelope
from releasehub.api.github.input_serializers import GitHubAssetUpdateSerializer
from releasehub.api.github.loading import asset_of_id
from releasehub.api.github.schema import ASSET_ID, DELETED, repository_operation
from releasehub.api.github.serializers import GitHubAssetSerializer
from releasehub.api.github.terms import BINARY, READ, WRITE
from releasehub.api.github.viewsets import GitHubModelViewSet
from releasehub.distribution.blob_responses import DeliveryOptions
from releasehub.distribution.delivery import serve_file
from releasehub.publishing.deletion import delete_file

ACCEPT = OpenApiParameter(
    "Accept", str, OpenApiParameter.HEADER, description=f"`{BINARY}` to get the file itself instead of its description."
)


@extend_schema_view(
    retrieve=repository_operation(
        ASSET_ID,
        ACCEPT,
        operation_id="github_assets_retrieve",
        summary="Get an asset, or its bytes",
        description=f"With `Accept: {BINARY}`, the response is the file, or a redirect to a signed URL of the storage.",
        responses={200: GitHubAssetSerializer} | {code: text for code, text in FILE_RESPONSES.items() if code != 200},
    ),
    partial_update=repository_operation(
        ASSET_ID, operation_id="github_assets_update", summary="Rename or label an asset"
    ),
    destroy=repository_operation(
        ASSET_ID, operation_id="github_assets_delete", summary="Delete an asset", responses={204: DELETED}
    ),
)
class GitHubAssetViewSet(RetrieveModelMixin, PartialUpdateModelMixin, DestroyModelMixin, GitHubModelViewSet):
    envelope = asset_envelope
    serializer_class = GitHubAssetSerializer
    input_serializer_classes = {"partial_update": GitHubAssetUpdateSerializer}
    policy = file_policy
    lookup_url_kwarg = "asset_id"
    required_scopes = {"retrieve": READ, "partial_update": WRITE, "destroy": WRITE}

    def get_object(self) -> File:
        return asset_of_id(self.actor, self.repository, self.kwargs["asset_id"])

    def reload(self, instance: Any) -> Any:
        return asset_of_id(self.actor, self.repository, instance.pk)

    def lock_object(self, instance: File) -> File:
        return lock_file(instance)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        file = self.get_object()
        if BINARY in request.headers.get("Accept", "").lower():
            # As on GitHub: octokit would parse a file of JSON, and decode one of text.
            options = DeliveryOptions(redirects=not settings.GITHUB_API_SENDS_FILES, media_type=BINARY)
            return serve_file(request._request, file, self.actor, options)
        return self.get_object_response(file)

    def perform_update(self, serializer: InputSerializer) -> None:
        serializer.instance = update_file(actor=self.actor, file=serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance: File) -> None:
        delete_file(actor=self.actor, file=instance)
