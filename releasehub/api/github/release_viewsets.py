"""`/api/v3/repos/{owner}/{repo}/releases`: versions, which this dialect calls releases."""

from collections.abc import Sequence
from typing import Any, cast

from django.db import models
from drf_spectacular.utils import extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.cooldowns import CooldownQuerySerializer
from releasehub.api.common.model_mixins import (
    CreateModelMixin,
    DestroyModelMixin,
    ListModelMixin,
    PartialUpdateModelMixin,
    RetrieveModelMixin,
)
from releasehub.api.common.paging import window
from releasehub.api.common.serializers import InputSerializer
from releasehub.api.github.bodies import RAW, body_format
from releasehub.api.github.input_serializers import (
    GitHubNotesInputSerializer,
    GitHubReleaseCreateSerializer,
    GitHubReleaseUpdateSerializer,
)
from releasehub.api.github.loading import release_context, release_of_id
from releasehub.api.github.pagination import GitHubPagination
from releasehub.api.github.schema import DELETED, PAGING, RELEASE_ID, TAG, repository_operation
from releasehub.api.github.serializers import GitHubNotesSerializer, GitHubReleaseSerializer
from releasehub.api.github.terms import READ, WRITE
from releasehub.api.github.viewsets import GitHubModelViewSet
from releasehub.distribution.git_releases import (
    UNUSED_COLUMNS,
    find_latest,
    find_published,
    first_releases_of,
    release_total,
    releases_of,
)
from releasehub.distribution.release_notes import generated_notes
from releasehub.publishing.release_runs import delete_version_of_run
from releasehub.publishing.tagged_versions import create_tagged_version, edit_tagged_version
from versions.models import Version
from versions.policies import version_policy
from versions.services import lock_version


@extend_schema_view(
    list=repository_operation(
        *PAGING,
        operation_id="github_releases_list",
        summary="List releases",
        description="The newest first. Drafts are only in the list of callers who may publish releases.",
    ),
    retrieve=repository_operation(RELEASE_ID, operation_id="github_releases_retrieve", summary="Get a release"),
    create=repository_operation(
        operation_id="github_releases_create",
        summary="Create a release",
        description=(
            "If the tag belongs to a draft that was never public and that the caller may edit, the response is this "
            "draft with the new values and without files. A failed run can so be started again."
        ),
    ),
    partial_update=repository_operation(
        RELEASE_ID,
        operation_id="github_releases_update",
        summary="Change or publish a release; members left out stay as they are",
    ),
    destroy=repository_operation(
        RELEASE_ID,
        operation_id="github_releases_delete",
        summary="Delete a release; its tag stays reserved if it was public",
        responses={204: DELETED},
    ),
)
class GitHubReleaseViewSet(
    ListModelMixin, RetrieveModelMixin, CreateModelMixin, PartialUpdateModelMixin, DestroyModelMixin, GitHubModelViewSet
):
    serializer_class = GitHubReleaseSerializer
    replica_actions = frozenset({"list", "retrieve", "latest", "by_tag"})
    input_serializer_classes = {
        "create": GitHubReleaseCreateSerializer,
        "partial_update": GitHubReleaseUpdateSerializer,
        "generate_notes": GitHubNotesInputSerializer,
    }
    policy = version_policy
    lookup_url_kwarg = "release_id"
    required_scopes = dict.fromkeys(("list", "retrieve", "latest", "by_tag"), READ) | dict.fromkeys(
        ("create", "partial_update", "destroy", "generate_notes"), WRITE
    )

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset.defer(*UNUSED_COLUMNS)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        paginator = cast("GitHubPagination", self.paginator)
        page = paginator.read_page(request, self, release_total(self.actor, self.repository), self.read_rows)
        return self.get_paginated_response(self.get_list_data(page))

    def read_rows(self, start: int, length: int) -> Sequence[Version]:
        """Return a page of the list; the first one takes a prepared statement."""
        if start:
            rows = list(window(self.with_relations(releases_of(self.actor, self.repository)), start, length))
        else:
            rows = first_releases_of(self.actor, self.repository, length)
        for version in rows:
            version.download = self.repository
        return rows

    def get_related_context(self, instances: Sequence[Any]) -> dict[str, Any]:
        return release_context(self.actor, instances)

    def get_serializer_context(self) -> dict[str, Any]:
        """Rendering the notes of a whole page would take too long, so only a single release has them as HTML."""
        form = RAW if self.action == "list" else body_format(self.request.headers.get("Accept", ""))
        return super().get_serializer_context() | {"body_format": form}

    def get_object(self) -> Version:
        return release_of_id(self.actor, self.repository, self.kwargs["release_id"])

    def lock_object(self, instance: Version) -> models.Model:
        return lock_version(instance)

    def reload(self, instance: Any) -> Any:
        version = super().reload(instance)
        version.download = self.repository
        # Another run may have started since the change: its URLs are not for this caller.
        version.run_number = instance.run_number
        return version

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response = super().create(request, *args, **kwargs)
        response["Location"] = response.data["url"]
        return response

    def perform_create(self, serializer: InputSerializer) -> None:
        fields = dict(serializer.validated_data)
        if fields.pop("generate_release_notes"):
            notes = generated_notes(self.actor, self.repository, fields["tag"], base_url=self.base_url)
            fields["release_notes"] = "\n\n".join(filter(None, (fields["release_notes"], notes)))
        serializer.instance = create_tagged_version(actor=self.actor, download=self.repository, **fields)

    def perform_update(self, serializer: InputSerializer) -> None:
        fields = serializer.instance.with_notes_field(serializer.validated_data) | {"run": self.kwargs.get("run")}
        serializer.instance = edit_tagged_version(actor=self.actor, version=serializer.instance, **fields)

    def perform_destroy(self, instance: Version) -> None:
        delete_version_of_run(actor=self.actor, version=instance, run=self.kwargs.get("run"))

    @repository_operation(
        CooldownQuerySerializer,
        operation_id="github_releases_latest",
        summary="Get the latest release",
        description="The release with the highest number that is neither a draft nor a pre-release.",
    )
    def latest(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        query = self.get_validated_query(CooldownQuerySerializer)
        return self.get_object_response(find_latest(self.repository, query["cooldown"]))

    @repository_operation(
        TAG,
        operation_id="github_releases_by_tag",
        summary="Get a published release by its tag",
        description="A draft is 404, also for its author.",
    )
    def by_tag(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        version = find_published(self.actor, self.repository, self.kwargs["tag"])
        return self.get_object_response(version)

    @repository_operation(
        operation_id="github_releases_generate_notes",
        summary="Put together the notes of the releases between two tags",
        responses={200: GitHubNotesSerializer},
    )
    def generate_notes(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        fields = self.get_validated_data()
        fields.pop("target_commitish", None)
        notes = generated_notes(self.actor, self.repository, **fields, base_url=self.base_url)
        return Response({"name": fields["tag"], "body": notes})
