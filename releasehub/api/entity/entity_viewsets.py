"""`/api/entities`: make, show, change, delete."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download, StorePublication
from downloads.policies import download_policy
from downloads.services import lock_download, publishers_of
from files.storage import Incoming
from files.uploads import icons
from files.uploads.sessions import URL_SECONDS, open_open_ended, sign_parts
from releasehub.accounts.models import Organization, User
from releasehub.api.entity.input_serializers import EntityCreateSerializer, EntityIconSerializer, EntityUpdateSerializer
from releasehub.api.entity.loading import dress_versions, storage_config
from releasehub.api.entity.pagination import page_of
from releasehub.api.entity.schema import PAGE, TAG
from releasehub.api.entity.serializers import (
    EntityAnswerSerializer,
    EntityCreatedSerializer,
    EntityDetailsSerializer,
    EntityIconUploadSerializer,
    EntityShownSerializer,
)
from releasehub.api.entity.viewsets import EntityViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.publishing.deletion import delete_download
from versions.models import Version
from versions.querysets import listed_total

MOST_VERSIONS = 1000
MOST_CONTRIBUTORS = 100
NEWEST_FIRST = ("-number", "-id")


@extend_schema(tags=[TAG])
class EntitiesViewSet(EntityViewSet):
    required_scopes = {
        "create": Scope.ENTITIES_PUBLISH,
        "icon": Scope.ENTITIES_PUBLISH,
        "retrieve": (),
        "details": (),
        "update": Scope.ENTITIES_PUBLISH,
        "destroy": Scope.ENTITIES_PUBLISH,
    }

    @cached_property
    def fields(self) -> dict[str, Any]:
        serializers = {"create": EntityCreateSerializer, "update": EntityUpdateSerializer, "icon": EntityIconSerializer}
        return self.get_validated_data(serializers[self.action])

    def prepare(self) -> None:
        """Icons come from and go to the storage, before the transaction."""
        if self.action == "icon":
            self.place: Incoming = open_open_ended(limit_bytes=icons.MOST_BYTES)
            return
        entity = None
        if self.action == "update":
            download_policy.ensure("edit", self.actor, self.entity)
            entity = self.entity
        if self.action in {"create", "update"} and (path := self.fields.get("icon_path")):
            content_hash = self.fields.get("icon_hash", "")
            icons.verify_icon(actor=self.actor, storage_path=path, content_hash=content_hash, download=entity)

    @extend_schema(request=EntityCreateSerializer, responses={201: EntityCreatedSerializer}, summary="Make an entity")
    def create(self, request: Request) -> Response:
        entity = icons.create_entity(actor=self.actor, **self.fields)
        shown = self.show_entity(self.visible_entity(entity.public_id))
        data = EntityCreatedSerializer({"entity": shown, "storage_config": storage_config()}).data
        return Response(data, status=201, headers={"Location": f"/api/entities/{entity.public_id}"})

    @extend_schema(parameters=PAGE, responses={200: EntityShownSerializer}, summary="An entity and its versions")
    def retrieve(self, request: Request, entity_id: str) -> Response:
        return self.get_tagged_response(self.entity, EntityShownSerializer(self.whole()).data)

    @extend_schema(
        parameters=PAGE, responses={200: EntityDetailsSerializer}, summary="The same, with people and stores"
    )
    def details(self, request: Request, entity_id: str) -> Response:
        shown = self.whole()
        active = shown["active_version"]
        shown["publishers"] = publishers_of(self.entity)
        authors = User.objects.filter(versions__download=self.entity, versions__deleted_at=None)
        shown["contributors"] = authors.order_by("id").distinct()[:MOST_CONTRIBUTORS]
        shown["dependencies"] = active.service_dependencies if active else []
        shown["store"] = self.publications()
        return self.get_tagged_response(self.entity, EntityDetailsSerializer(shown).data)

    @extend_schema(request=EntityUpdateSerializer, responses={200: EntityAnswerSerializer}, summary="Change an entity")
    def update(self, request: Request, entity_id: str) -> Response:
        self.check_if_match(lambda: lock_download(self.entity.pk))
        icons.edit_entity(actor=self.actor, download=self.entity, **self.fields)
        entity = self.show_entity(self.visible_entity(entity_id))
        return self.get_tagged_response(entity, EntityAnswerSerializer({"entity": entity}).data)

    @extend_schema(responses={204: None}, summary="Delete an entity; restorable by staff for a while")
    def destroy(self, request: Request, entity_id: str) -> Response:
        self.check_if_match(lambda: lock_download(self.entity.pk))
        delete_download(actor=self.actor, download=self.entity)
        return self.nothing()

    @extend_schema(
        request=EntityIconSerializer, responses={201: EntityIconUploadSerializer}, summary="An address for an icon"
    )
    def icon(self, request: Request) -> Response:
        slug, ext = self.fields["entity_slug"], self.fields["ext"]
        upload = icons.begin_icon(actor=self.actor, slug=slug, ext=ext, incoming=self.place)
        (address,) = sign_parts(upload, [(1, "")])
        shown = {
            "upload_url": self.absolute(address.put.url),
            "storage_path": upload.storage_key,
            "expires_in": URL_SECONDS,
            "expires_at": address.expires_at,
        }
        return Response(EntityIconUploadSerializer(shown).data, status=201)

    def whole(self) -> dict[str, Any]:
        """Entity, active version, and as many of the newest versions as the caller wants."""
        entity = self.show_entity(self.entity)
        rows = visible_versions(self, entity)
        page = page_of(
            rows, self.request, total=listed_total(self.actor, entity), default=MOST_VERSIONS, most=MOST_VERSIONS
        )
        active = rows.filter(is_active=True).first()
        dress_versions([*page.rows, *([active] if active else [])], entity)
        shown = {"entity": entity, "active_version": active, "storage_config": storage_config()}
        return shown | page.body("versions", page.rows)

    def publications(self) -> Any:
        """For publishers all stores it is in, for others those they may shop in."""
        rows = StorePublication.objects.filter(download=self.entity).select_related("organization", "download")
        if not download_policy.can_manage_team(self.actor, self.entity):
            mine = Organization.objects.visible_to(self.actor)
            rows = rows.filter(is_public=True) | rows.filter(organization__in=mine)
        return rows.order_by("id")


def visible_versions(view: EntityViewSet, entity: Download) -> Any:
    """Newest first, by their number."""
    rows = Version.objects.none() if entity.is_deleted else Version.objects.listed_in(view.actor, entity)
    return rows.select_related("author", "base_version").order_by(*NEWEST_FIRST)
