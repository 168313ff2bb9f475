"""The stores of organizations below `/api/organizations`."""

from django.db import models
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download, StorePublication
from downloads.services import publish_entity, withdraw_entity
from releasehub.accounts.policies import organization_policy
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.entity.input_serializers import EntityStoreCreateSerializer, EntityStoreRemoveSerializer
from releasehub.api.entity.loading import load_icons, with_active_versions
from releasehub.api.entity.organization_serializers import (
    EntityPublicationAnswerSerializer,
    EntityStoreItemAnswerSerializer,
    EntityStoreSerializer,
)
from releasehub.api.entity.pagination import paginate
from releasehub.api.entity.schema import KIND, PAGE, TAG
from releasehub.api.entity.viewsets import ORGANIZATION_SCOPES, EntityViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import NotFound
from releasehub.core.querysets import first_or_not_found


@extend_schema(tags=[TAG])
class EntityStoreViewSet(EntityViewSet):
    """The store of an organization. Members see all of it, others its public entities."""

    reading_scopes = ORGANIZATION_SCOPES
    delete_actions_with_body = frozenset({"destroy"})
    input_serializer_classes = {
        "create": EntityStoreCreateSerializer,
        "destroy": EntityStoreRemoveSerializer,
    }
    required_scopes = usual_scopes((), Scope.ENTITIES_SHARE_STORE)

    def get_publications(self, kind: str = "") -> models.QuerySet[StorePublication]:
        """Return the publications of the store that the caller may see.

        Raises:
            NotFound: The caller is not a member, and the store has no public entity.
        """
        organization = self.find_organization()
        entities = Download.objects.visible_to(self.actor).entities(kind)
        rows = StorePublication.objects.in_force().filter(organization=organization, download__in=entities)
        if organization_policy.can_view(self.actor, organization):
            return rows
        is_open = StorePublication.objects.in_force().filter(organization=organization, is_public=True).exists()
        if not is_open or self.actor.bound_download_ids is not None:
            raise NotFound
        return rows.filter(is_public=True)

    @extend_schema(
        parameters=[KIND, *PAGE],
        responses={200: EntityStoreSerializer},
        summary="List the entities of a store",
        description="Members of the organization see the whole store, other users its public entities.",
    )
    def list(self, request: Request, organization_id: str) -> Response:
        page = paginate(
            with_active_versions(self.get_publications(self.get_kind_filter())).order_by("download__title", "id"),
            request,
        )
        load_icons([row.download for row in page.rows], self.base_url)
        return Response(EntityStoreSerializer(page.body("entities", page.rows)).data)

    @extend_schema(responses={200: EntityStoreItemAnswerSerializer}, summary="Get an entity of a store")
    def retrieve(self, request: Request, organization_id: str, entity_id: str) -> Response:
        rows = with_active_versions(self.get_publications()).filter(download__public_id=entity_id)
        publication = first_or_not_found(rows, "The entity is not in this store.")
        load_icons([publication.download], self.base_url)
        return Response(EntityStoreItemAnswerSerializer({"publication": publication}).data)

    @extend_schema(
        responses={201: EntityPublicationAnswerSerializer, 200: EntityPublicationAnswerSerializer},
        summary="Publish an entity to a store, or change whether it is public there",
    )
    def create(self, request: Request, organization_id: str) -> Response:
        fields = self.get_validated_data()
        organization, entity = self.organization, self.find_entity(fields["entity_id"])
        publication, is_new = publish_entity(
            actor=self.actor, download=entity, organization=organization, is_public=fields["is_public"]
        )
        values = EntityPublicationAnswerSerializer({"publication": publication}).data
        return Response(values, status=201 if is_new else 200)

    @extend_schema(responses={204: None}, summary="Remove an entity from a store")
    def destroy(self, request: Request, organization_id: str) -> Response:
        fields = self.get_validated_data()
        organization, entity = self.find_organization(), self.find_entity(fields["entity_id"])
        withdraw_entity(actor=self.actor, download=entity, organization=organization)
        return Response(status=204)
