"""`/api/organizations`: the organisation itself and its store."""

from __future__ import annotations

from typing import Any

from django.db import models
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download, StorePublication
from downloads.services import publish_entity, withdraw_entity
from releasehub.accounts.models import Membership, Organization
from releasehub.accounts.policies import organization_policy
from releasehub.accounts.roles import roles_of
from releasehub.accounts.services import choose_storage
from releasehub.api.entity.input_serializers import (
    EntityStorageUpdateSerializer,
    EntityStoreCreateSerializer,
    EntityStoreRemoveSerializer,
)
from releasehub.api.entity.loading import dress_entities, dress_members, storage_config, with_active
from releasehub.api.entity.pagination import page_of
from releasehub.api.entity.schema import KIND, PAGE, TAG
from releasehub.api.entity.serializers import (
    EntityOrganizationShownSerializer,
    EntityOrganizationsSerializer,
    EntityPublicationAnswerSerializer,
    EntityStorageAnswerSerializer,
    EntityStoreItemAnswerSerializer,
    EntityStoreSerializer,
)
from releasehub.api.entity.viewsets import ORGANIZATION_SCOPES, EntityViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import NotFound

MOST_MEMBERS = 1000
SEARCH = OpenApiParameter("search", str, description="In name and slug")


@extend_schema(tags=[TAG])
class EntityOrganizationsViewSet(EntityViewSet):
    reading_scopes = ORGANIZATION_SCOPES
    required_scopes = {"list": (), "retrieve": (), "storage": (), "set_storage": Scope.ORG_SETTINGS}

    @extend_schema(
        parameters=[SEARCH, *PAGE], responses={200: EntityOrganizationsSerializer}, summary="The caller's organisations"
    )
    def list(self, request: Request) -> Response:
        text = request.query_params.get("search", "").replace("\0", "")
        page = page_of(Organization.objects.visible_to(self.actor).search(text).order_by("name", "id"), request)
        return Response(EntityOrganizationsSerializer(page.body("organizations", page.rows)).data)

    @extend_schema(
        parameters=PAGE, responses={200: EntityOrganizationShownSerializer}, summary="Members, roles, storage"
    )
    def retrieve(self, request: Request, organization_id: str) -> Response:
        organization = self.organization
        rows = Membership.objects.filter(organization=organization).select_related("user", "named_role")
        page = page_of(rows.order_by("id"), request, default=MOST_MEMBERS, most=MOST_MEMBERS)
        shown = {
            "organization": organization,
            "roles": roles_of(organization),
            "storage_config": storage_config(),
            "package_feed_key": None,
            **page.body("members", dress_members(page.rows, organization, self.actor)),
        }
        return self.get_tagged_response(organization, EntityOrganizationShownSerializer(shown).data)

    @extend_schema(responses={200: EntityStorageAnswerSerializer}, summary="Where packages are kept")
    def storage(self, request: Request, organization_id: str) -> Response:
        organization_policy.ensure("view", self.actor, self.organization)
        return Response(EntityStorageAnswerSerializer({"storage_config": storage_config()}).data)

    @extend_schema(
        request=EntityStorageUpdateSerializer,
        responses={200: EntityStorageAnswerSerializer},
        summary="Choose where packages are kept",
    )
    def set_storage(self, request: Request, organization_id: str) -> Response:
        provider = self.get_validated_data(EntityStorageUpdateSerializer)["provider"]
        choose_storage(actor=self.actor, organization=self.organization, provider=provider)
        return Response(EntityStorageAnswerSerializer({"storage_config": storage_config()}).data)


@extend_schema(tags=[TAG])
class EntityStoreViewSet(EntityViewSet):
    """Members see the whole store, everybody else what is public in it."""

    reading_scopes = ORGANIZATION_SCOPES
    bodies_of_delete = frozenset({"destroy"})
    required_scopes = {
        "list": (),
        "retrieve": (),
        "create": Scope.ENTITIES_SHARE_STORE,
        "destroy": Scope.ENTITIES_SHARE_STORE,
    }

    def rows(self, kind: str = "") -> models.QuerySet[StorePublication]:
        """Errors: NotFound for who is no member when nothing is public."""
        organization = self.any_organization()
        entities = Download.objects.visible_to(self.actor).entities(kind)
        rows = StorePublication.objects.filter(organization=organization, download__in=entities)
        if organization_policy.can_view(self.actor, organization):
            return rows
        is_open = StorePublication.objects.filter(organization=organization, is_public=True).exists()
        if not is_open or self.actor.bound_download_ids is not None:
            raise NotFound
        return rows.filter(is_public=True)

    @extend_schema(parameters=[KIND, *PAGE], responses={200: EntityStoreSerializer}, summary="The store")
    def list(self, request: Request, organization_id: str) -> Response:
        page = page_of(with_active(self.rows(self.wanted_kind())).order_by("download__title", "id"), request)
        dress_entities([row.download for row in page.rows], self.base_url)
        return Response(EntityStoreSerializer(page.body("entities", page.rows)).data)

    @extend_schema(responses={200: EntityStoreItemAnswerSerializer}, summary="One publication")
    def retrieve(self, request: Request, organization_id: str, entity_id: str) -> Response:
        publication: Any = with_active(self.rows()).filter(download__public_id=entity_id).first()
        if publication is None:
            raise NotFound("This is not in the store.")
        dress_entities([publication.download], self.base_url)
        return Response(EntityStoreItemAnswerSerializer({"publication": publication}).data)

    @extend_schema(
        request=EntityStoreCreateSerializer,
        responses={201: EntityPublicationAnswerSerializer, 200: EntityPublicationAnswerSerializer},
        summary="Publish an entity to the store, or change how open it is there",
    )
    def create(self, request: Request, organization_id: str) -> Response:
        fields = self.get_validated_data(EntityStoreCreateSerializer)
        organization, entity = self.organization, self.visible_entity(fields["entity_id"])
        publication, is_new = publish_entity(
            actor=self.actor, download=entity, organization=organization, is_public=fields["is_public"]
        )
        shown = EntityPublicationAnswerSerializer({"publication": publication}).data
        return Response(shown, status=201 if is_new else 200)

    @extend_schema(
        request=EntityStoreRemoveSerializer, responses={204: None}, summary="Take an entity out of the store"
    )
    def destroy(self, request: Request, organization_id: str) -> Response:
        fields = self.get_validated_data(EntityStoreRemoveSerializer)
        organization, entity = self.organization, self.visible_entity(fields["entity_id"])
        withdraw_entity(actor=self.actor, download=entity, organization=organization)
        return self.nothing()
