"""`/api/entities/{id}/versions`: two-step upload, download, the active one."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from files.models import File
from files.uploads.sessions import URL_SECONDS, sign_parts
from releasehub.api.entity.entity_viewsets import visible_versions
from releasehub.api.entity.input_serializers import (
    EntityActivateSerializer,
    EntityConfirmSerializer,
    EntityUploadSerializer,
)
from releasehub.api.entity.loading import dress_versions, package_of
from releasehub.api.entity.pagination import page_of
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
from releasehub.core.errors import NotFound
from releasehub.distribution.delivery import signed_address
from releasehub.publishing.lifecycle import move
from releasehub.publishing.packages import (
    Announcement,
    Confirmation,
    announce_package,
    check_announcement,
    delete_inactive_version,
    open_places,
    publish_package,
    verify_package,
)
from releasehub.publishing.transitions import Move
from versions.models import Version
from versions.querysets import listed_total
from versions.services import lock_version

ANNOUNCED = PolymorphicProxySerializer(
    component_name="EntityAnnounced",
    serializers=[EntityUploadUrlsSerializer, EntityKnownSerializer],
    resource_type_field_name=None,
)
AGAIN = OpenApiResponse(EntityVersionAnswerSerializer, description="The version that was there already")


@extend_schema(tags=[TAG])
class EntityVersionsViewSet(EntityViewSet):
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
        fields = self.get_validated_data(EntityUploadSerializer)
        base = fields.get("base_version_id")
        return Announcement(
            number=fields["version"],
            source_hash=fields["source_hash"],
            base_version=self.visible_version(base) if base else None,
            is_forced=fields["force"],
        )

    @cached_property
    def confirmation(self) -> Confirmation:
        return Confirmation(**self.get_validated_data(EntityConfirmSerializer))

    def prepare(self) -> None:
        """Whatever talks to the storage, before the transaction."""
        if self.action == "announce":
            checked = {"actor": self.actor, "download": self.entity, "announcement": self.announcement}
            self.known: Version | None = check_announcement(**checked)  # type: ignore[arg-type]
            self.places = open_places(self.entity)
        elif self.action == "confirm":
            verify_package(actor=self.actor, download=self.entity, confirmation=self.confirmation)

    @extend_schema(parameters=PAGE, responses={200: EntityVersionsSerializer}, summary="Versions")
    def list(self, request: Request, entity_id: str) -> Response:
        total = listed_total(self.actor, self.entity)
        page = page_of(visible_versions(self, self.entity), request, total=total)
        dress_versions(page.rows, self.entity)
        return Response(EntityVersionsSerializer(page.body("versions", page.rows)).data)

    @extend_schema(
        request=EntityUploadSerializer, responses={200: ANNOUNCED}, summary="Addresses for a package and its lockfile"
    )
    def announce(self, request: Request, entity_id: str) -> Response:
        if self.known is not None:
            return Response(EntityKnownSerializer({"exists": True, "version": self.known}).data)
        announced = announce_package(
            actor=self.actor, download=self.entity, announcement=self.announcement, places=self.places
        )
        (package,) = sign_parts(announced.package, [(1, "")])
        (lockfile,) = sign_parts(announced.lockfile, [(1, "")])
        shown = {
            "upload_url": self.absolute(package.put.url),
            "storage_path": announced.package.storage_key,
            "lockfile_upload_url": self.absolute(lockfile.put.url),
            "package_lock_path": announced.lockfile.storage_key,
            "expires_in": URL_SECONDS,
            "expires_at": package.expires_at,
        }
        return Response(EntityUploadUrlsSerializer(shown).data)

    @extend_schema(
        request=EntityConfirmSerializer,
        responses={201: EntityVersionAnswerSerializer, 200: AGAIN},
        summary="Make a version of what was uploaded",
    )
    def confirm(self, request: Request, entity_id: str) -> Response:
        version, is_new = publish_package(actor=self.actor, download=self.entity, confirmation=self.confirmation)
        return self.one(version, status=201 if is_new else 200)

    @extend_schema(responses={200: EntityDownloadUrlSerializer}, summary="A short-lived address of the package")
    def download(self, request: Request, entity_id: str, version_id: str) -> Response:
        version = self.visible_version(version_id)
        file = package_of(File.objects.listed_in(self.actor, version).select_related("blob"))
        if file is None:
            raise NotFound("This version has no package.")
        file.version = version
        address = signed_address(request._request, file, self.actor)
        shown = {"url": self.absolute(address.url), "expires_at": address.expires_at}
        return Response(EntityDownloadUrlSerializer(shown).data, headers={"Cache-Control": "private, no-store"})

    @extend_schema(responses={200: EntityVersionAnswerSerializer}, summary="The active version")
    def active(self, request: Request, entity_id: str) -> Response:
        version = visible_versions(self, self.entity).filter(is_active=True).first()
        if version is None:
            raise NotFound("No version of this entity is active.")
        return self.one(version)

    @extend_schema(
        request=EntityActivateSerializer,
        responses={200: EntityVersionAnswerSerializer},
        summary="Make a version active",
    )
    def activate(self, request: Request, entity_id: str) -> Response:
        version = self.visible_version(self.get_validated_data(EntityActivateSerializer)["version_id"])
        self.check_if_match(lambda: lock_version(version))
        return self.one(move(Move.ACTIVATE, actor=self.actor, version=version))

    @extend_schema(responses={204: None}, summary="Delete a version that is not active")
    def destroy(self, request: Request, entity_id: str, version_id: str) -> Response:
        version = self.visible_version(version_id)
        self.check_if_match(lambda: lock_version(version))
        delete_inactive_version(actor=self.actor, version=version)
        return self.nothing()

    def one(self, version: Version, *, status: int = 200) -> Response:
        """Read again, so that it shows what is stored."""
        fresh: Any = Version.all_objects.select_related("author", "base_version").get(pk=version.pk)
        dress_versions([fresh], self.entity)
        response = self.get_tagged_response(fresh, {"version": EntityFullVersionSerializer(fresh).data})
        response.status_code = status
        return response
