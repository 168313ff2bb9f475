"""`/api/organizations`: organizations."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.accounts.models import Membership, Organization
from releasehub.accounts.policies import organization_policy
from releasehub.accounts.roles import roles_of
from releasehub.accounts.services import choose_storage, create_organization
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.entity.input_serializers import EntityOrganizationCreateSerializer, EntityStorageUpdateSerializer
from releasehub.api.entity.loading import load_members, storage_config
from releasehub.api.entity.organization_serializers import (
    EntityOrganizationAnswerSerializer,
    EntityOrganizationShownSerializer,
    EntityOrganizationsSerializer,
    EntityStorageAnswerSerializer,
)
from releasehub.api.entity.pagination import paginate
from releasehub.api.entity.schema import PAGE, TAG
from releasehub.api.entity.viewsets import ORGANIZATION_SCOPES, EntityViewSet
from releasehub.apikeys.scopes import Scope

MAX_MEMBERS = 1000
SEARCH = OpenApiParameter("search", str, description="A part of the name or slug")


@extend_schema(tags=[TAG])
class EntityOrganizationsViewSet(EntityViewSet):
    reading_scopes = ORGANIZATION_SCOPES
    input_serializer_classes = {
        "create": EntityOrganizationCreateSerializer,
        "set_storage": EntityStorageUpdateSerializer,
    }
    required_scopes = usual_scopes((), Scope.ORG_SETTINGS) | {"storage": (), "set_storage": Scope.ORG_SETTINGS}

    @extend_schema(
        parameters=[SEARCH, *PAGE],
        responses={200: EntityOrganizationsSerializer},
        summary="List the organizations of the caller",
    )
    def list(self, request: Request) -> Response:
        text = request.query_params.get("search", "").replace("\0", "")
        page = paginate(Organization.objects.visible_to(self.actor).search(text).order_by("name", "id"), request)
        return Response(EntityOrganizationsSerializer(page.body("organizations", page.rows)).data)

    @extend_schema(
        responses={201: EntityOrganizationAnswerSerializer}, summary="Create an organization, whose owner is the caller"
    )
    def create(self, request: Request) -> Response:
        organization = create_organization(actor=self.actor, owner=self.actor.user, **self.get_validated_data())
        values = EntityOrganizationAnswerSerializer({"organization": organization}).data
        return self.get_tagged_response(organization, values, status=201)

    @extend_schema(
        parameters=PAGE,
        responses={200: EntityOrganizationShownSerializer},
        summary="Get an organization with its members, roles and storage",
    )
    def retrieve(self, request: Request, organization_id: str) -> Response:
        organization = self.organization
        rows = Membership.objects.filter(organization=organization).select_related("user", "named_role")
        page = paginate(rows.order_by("id"), request, default=MAX_MEMBERS, maximum=MAX_MEMBERS)
        values = {
            "organization": organization,
            "roles": roles_of(organization),
            "storage_config": storage_config(),
            "package_feed_key": None,
            **page.body("members", load_members(page.rows, organization, self.actor)),
        }
        return self.get_tagged_response(organization, EntityOrganizationShownSerializer(values).data)

    @extend_schema(responses={200: EntityStorageAnswerSerializer}, summary="Get the storage of packages")
    def storage(self, request: Request, organization_id: str) -> Response:
        organization_policy.ensure("view", self.actor, self.organization)
        return Response(EntityStorageAnswerSerializer({"storage_config": storage_config()}).data)

    @extend_schema(responses={200: EntityStorageAnswerSerializer}, summary="Choose the storage of packages")
    def set_storage(self, request: Request, organization_id: str) -> Response:
        provider = self.get_validated_data()["provider"]
        choose_storage(actor=self.actor, organization=self.organization, provider=provider)
        return Response(EntityStorageAnswerSerializer({"storage_config": storage_config()}).data)
