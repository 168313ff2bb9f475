"""`/api/entities`: create, show, change and delete entities, which are downloads of some types."""

from functools import cached_property
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download, StorePublication
from downloads.policies import download_policy
from downloads.services import lock_download, publishers_of
from files.storage import Incoming
from files.uploads import entity_icons, icons
from files.uploads.open_ended import open_open_ended
from files.uploads.parts import URL_SECONDS, sign_parts
from releasehub.accounts.models import Organization, User
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.entity.input_serializers import EntityCreateSerializer, EntityIconSerializer, EntityUpdateSerializer
from releasehub.api.entity.loading import load_packages, storage_config
from releasehub.api.entity.pagination import paginate
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

MAX_VERSIONS = 1000
MAX_CONTRIBUTORS = 100
MAX_EXAMINED_VERSIONS = 10_000  # for the contributors
NEWEST_FIRST = ("-number", "-id")


@extend_schema(tags=[TAG])
class EntitiesViewSet(EntityViewSet):
    input_serializer_classes = {
        "create": EntityCreateSerializer,
        "update": EntityUpdateSerializer,
        "icon": EntityIconSerializer,
    }
    required_scopes = usual_scopes((), Scope.ENTITIES_PUBLISH) | {"icon": Scope.ENTITIES_PUBLISH, "details": ()}

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The validated request body, read once for `prepare` and the action."""
        return self.get_validated_data()

    def prepare(self) -> None:
        """Call the storage for icons before the transaction: it may be slow, and cannot be rolled back."""
        if self.action == "icon":
            self.incoming: Incoming = open_open_ended(limit_bytes=icons.MAX_BYTES)
            return
        entity = None
        if self.action == "update":
            download_policy.ensure("edit", self.actor, self.entity)
            entity = self.entity
        if self.action in {"create", "update"} and (path := self.fields.get("icon_path")):
            content_hash = self.fields.get("icon_hash", "")
            icons.verify_icon(actor=self.actor, storage_path=path, content_hash=content_hash, download=entity)

    @extend_schema(responses={201: EntityCreatedSerializer}, summary="Create an entity")
    def create(self, request: Request) -> Response:
        entity = entity_icons.create_entity(actor=self.actor, **self.fields)
        values = self.with_icon(self.find_entity(entity.public_id))
        data = EntityCreatedSerializer({"entity": values, "storage_config": storage_config()}).data
        return Response(data, status=201, headers={"Location": f"/api/entities/{entity.public_id}"})

    @extend_schema(parameters=PAGE, responses={200: EntityShownSerializer}, summary="Get an entity and its versions")
    def retrieve(self, request: Request, entity_id: str) -> Response:
        return self.get_tagged_response(self.entity, EntityShownSerializer(self.get_representation()).data)

    @extend_schema(
        parameters=PAGE,
        responses={200: EntityDetailsSerializer},
        summary="Get an entity with its versions, people and stores",
    )
    def details(self, request: Request, entity_id: str) -> Response:
        values = self.get_representation()
        active = values["active_version"]
        values["publishers"] = publishers_of(self.entity)
        newest = Version.objects.listed_in(self.actor, self.entity).order_by("-released_at", "-id")
        authors = User.objects.filter(pk__in=newest.values("author")[:MAX_EXAMINED_VERSIONS])
        values["contributors"] = authors.order_by("id")[:MAX_CONTRIBUTORS]
        values["dependencies"] = active.service_dependencies if active else []
        values["store"] = self.get_publications()
        return self.get_tagged_response(self.entity, EntityDetailsSerializer(values).data)

    @extend_schema(responses={200: EntityAnswerSerializer}, summary="Change an entity")
    def update(self, request: Request, entity_id: str) -> Response:
        self.check_if_match(lambda: lock_download(self.entity.pk))
        entity_icons.edit_entity(actor=self.actor, download=self.entity, **self.fields)
        entity = self.with_icon(self.find_entity(entity_id))
        return self.get_tagged_response(entity, EntityAnswerSerializer({"entity": entity}).data)

    @extend_schema(responses={204: None}, summary="Delete an entity; staff can restore it during the retention period")
    def destroy(self, request: Request, entity_id: str) -> Response:
        self.check_if_match(lambda: lock_download(self.entity.pk))
        delete_download(actor=self.actor, download=self.entity)
        return Response(status=204)

    @extend_schema(responses={201: EntityIconUploadSerializer}, summary="Get a URL to upload an icon to")
    def icon(self, request: Request) -> Response:
        slug, ext = self.fields["entity_slug"], self.fields["ext"]
        upload = icons.begin_icon(actor=self.actor, slug=slug, ext=ext, incoming=self.incoming)
        (address,) = sign_parts(upload, [(1, "")])
        values = {
            "upload_url": self.absolute(address.put.url),
            "storage_path": upload.storage_key,
            "expires_in": URL_SECONDS,
            "expires_at": address.expires_at,
        }
        return Response(EntityIconUploadSerializer(values).data, status=201)

    def get_representation(self) -> dict[str, Any]:
        """Return the entity, its active version, and a page of its newest versions."""
        entity = self.with_icon(self.entity)
        rows = visible_versions(self, entity)
        page = paginate(
            rows, self.request, total=listed_total(self.actor, entity), default=MAX_VERSIONS, maximum=MAX_VERSIONS
        )
        active = rows.filter(is_active=True).first()
        load_packages([*page.rows, *([active] if active else [])], entity)
        values = {"entity": entity, "active_version": active, "storage_config": storage_config()}
        return values | page.body("versions", page.rows)

    def get_publications(self) -> Any:
        """Return the stores of the entity: all of them for its publishers, and for others those that they may see."""
        rows = StorePublication.objects.filter(download=self.entity).select_related("organization", "download")
        if not download_policy.can_manage_team(self.actor, self.entity):
            mine = Organization.objects.visible_to(self.actor)
            rows = rows.filter(is_public=True) | rows.filter(organization__in=mine)
        return rows.order_by("id")


def visible_versions(view: EntityViewSet, entity: Download) -> Any:
    """Return the versions that the caller may list; the numbers are times, so the highest one is the newest."""
    rows = Version.objects.none() if entity.is_deleted else Version.objects.listed_in(view.actor, entity)
    return rows.select_related("author", "base_version").order_by(*NEWEST_FIRST)
