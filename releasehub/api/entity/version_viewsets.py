"""`/api/entities/{id}/versions`: the upload of a package in two steps, its download, and the active version."""

from functools import cached_property
from typing import Any

from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from files.models import File
from files.policies import file_policy
from files.uploads.parts import URL_SECONDS, sign_parts
from releasehub.api.entity.entity_viewsets import visible_versions
from releasehub.api.entity.input_serializers import (
    EntityActivateSerializer,
    EntityConfirmSerializer,
    EntityUploadSerializer,
)
from releasehub.api.entity.loading import load_packages, package_of
from releasehub.api.entity.pagination import paginate
from releasehub.api.entity.schema import PAGE, TAG
from releasehub.api.entity.serializers import (
    EntityDownloadUrlSerializer,
    EntityFullVersionSerializer,
    EntityKnownSerializer,
    EntityUploadUrlsSerializer,
    EntityVersionAnswerSerializer,
    EntityVersionsSerializer,
)
from releasehub.api.entity.viewsets import EntityViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import Conflict, ErrorCode, Gone, NotFound
from releasehub.core.querysets import first_or_not_found
from releasehub.distribution.delivery import signed_address
from releasehub.distribution.gate import refuse_quarantined
from releasehub.publishing.deletion import delete_inactive_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.package_uploads import announce_package, check_announcement, open_places
from releasehub.publishing.package_values import Announcement, Confirmation
from releasehub.publishing.packages import publish_package, verify_package
from releasehub.publishing.transitions import Move
from versions.models import Version
from versions.querysets import listed_total
from versions.services import lock_version

ANNOUNCED = PolymorphicProxySerializer(
    component_name="EntityAnnounced",
    serializers=[EntityUploadUrlsSerializer, EntityKnownSerializer],
    resource_type_field_name=None,
)
AGAIN = OpenApiResponse(EntityVersionAnswerSerializer, description="The version that already existed")


@extend_schema(tags=[TAG])
class EntityVersionsViewSet(EntityViewSet):
    input_serializer_classes = {
        "announce": EntityUploadSerializer,
        "confirm": EntityConfirmSerializer,
        "activate": EntityActivateSerializer,
    }
    required_scopes = {
        "list": (),
        "announce": Scope.ENTITIES_PUBLISH,
        "confirm": Scope.ENTITIES_PUBLISH,
        "download": (),
        "active": (),
        "activate": Scope.ENTITIES_PUBLISH,
        "destroy": Scope.ENTITIES_PUBLISH,
    }

    @cached_property
    def announcement(self) -> Announcement:
        fields = self.get_validated_data()
        base = fields.get("base_version_id")
        return Announcement(
            number=fields["version"],
            source_hash=fields["source_hash"],
            base_version=self.find_version(base) if base else None,
            is_forced=fields["force"],
        )

    @cached_property
    def confirmation(self) -> Confirmation:
        return Confirmation(**self.get_validated_data())

    def prepare(self) -> None:
        """Call the storage before the transaction: it may be slow, and cannot be rolled back."""
        if self.action == "announce":
            arguments = {"actor": self.actor, "download": self.entity, "announcement": self.announcement}
            self.existing: Version | None = check_announcement(**arguments)  # type: ignore[arg-type]
            self.locations = open_places(self.entity)
        elif self.action == "confirm":
            self.inspected = verify_package(actor=self.actor, download=self.entity, confirmation=self.confirmation)

    @extend_schema(parameters=PAGE, responses={200: EntityVersionsSerializer}, summary="List versions")
    def list(self, request: Request, entity_id: str) -> Response:
        total = listed_total(self.actor, self.entity)
        page = paginate(visible_versions(self, self.entity), request, total=total)
        load_packages(page.rows, self.entity)
        return Response(EntityVersionsSerializer(page.body("versions", page.rows)).data)

    @extend_schema(responses={200: ANNOUNCED}, summary="Get URLs to upload a package and its lockfile to")
    def announce(self, request: Request, entity_id: str) -> Response:
        if self.existing is not None:
            return Response(EntityKnownSerializer({"exists": True, "version": self.existing}).data)
        announced = announce_package(
            actor=self.actor, download=self.entity, announcement=self.announcement, places=self.locations
        )
        (package,) = sign_parts(announced.package, [(1, "")])
        (lockfile,) = sign_parts(announced.lockfile, [(1, "")])
        values = {
            "upload_url": self.absolute(package.put.url),
            "storage_path": announced.package.storage_key,
            "lockfile_upload_url": self.absolute(lockfile.put.url),
            "package_lock_path": announced.lockfile.storage_key,
            "expires_in": URL_SECONDS,
            "expires_at": package.expires_at,
        }
        return Response(EntityUploadUrlsSerializer(values).data)

    @extend_schema(
        responses={201: EntityVersionAnswerSerializer, 200: AGAIN}, summary="Create a version from an uploaded package"
    )
    def confirm(self, request: Request, entity_id: str) -> Response:
        version, is_new = publish_package(
            actor=self.actor, download=self.entity, confirmation=self.confirmation, inspected=self.inspected
        )
        return self.get_version_response(version, status=201 if is_new else 200)

    @extend_schema(responses={200: EntityDownloadUrlSerializer}, summary="Get a short-lived URL of the package")
    def download(self, request: Request, entity_id: str, version_id: str) -> Response:
        version = self.find_version(version_id)
        if version.is_deleted:  # its team still sees it, because it can be restored
            raise Gone(version.delete_reason)
        files = File.objects.filter(version=version).exclude(validation_status=File.Validation.FAILED)
        file = package_of(files.select_related("blob"))
        if file is None:
            raise NotFound("This version has no package. Choose a version that was created from an uploaded package.")
        file.version = version
        refuse_quarantined(file)
        if not file_policy.can_download(self.actor, file):  # otherwise its lockfile would pass for the package
            raise Conflict(
                ErrorCode.VERSION_FILES_PENDING, "The package is still being checked. Try again in a few seconds."
            )
        address = signed_address(request._request, file, self.actor)
        values = {"url": self.absolute(address.url), "expires_at": address.expires_at}
        return Response(EntityDownloadUrlSerializer(values).data, headers={"Cache-Control": "private, no-store"})

    @extend_schema(responses={200: EntityVersionAnswerSerializer}, summary="Get the active version")
    def active(self, request: Request, entity_id: str) -> Response:
        rows = visible_versions(self, self.entity).filter(is_active=True)
        version = first_or_not_found(rows, "No version of this entity is active. Make a version active first.")
        return self.get_version_response(version)

    @extend_schema(responses={200: EntityVersionAnswerSerializer}, summary="Make a version active")
    def activate(self, request: Request, entity_id: str) -> Response:
        version = self.find_version(self.get_validated_data()["version_id"])
        self.check_if_match(lambda: lock_version(version))
        return self.get_version_response(move(Move.ACTIVATE, actor=self.actor, version=version))

    @extend_schema(responses={204: None}, summary="Delete a version that is not active")
    def destroy(self, request: Request, entity_id: str, version_id: str) -> Response:
        version = self.find_version(version_id)
        self.check_if_match(lambda: lock_version(version))
        delete_inactive_version(actor=self.actor, version=version)
        return Response(status=204)

    def get_version_response(self, version: Version, *, status: int = 200) -> Response:
        """Return the version as it is stored, with its ETag."""
        fresh: Any = Version.all_objects.select_related("author", "base_version").get(pk=version.pk)
        load_packages([fresh], self.entity)
        return self.get_tagged_response(fresh, {"version": EntityFullVersionSerializer(fresh).data}, status=status)
