"""`/api/organizations/{id}/members` and `/roles`: the members and roles of an organization."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.accounts.models import Invitation, Membership
from releasehub.accounts.policies import organization_policy
from releasehub.accounts.roles import MEMBER, find_role, roles_of
from releasehub.accounts.services import (
    change_role,
    create_role,
    delete_role,
    find_member,
    invite,
    lock_organization,
    remove_member,
    update_role,
)
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.entity.input_serializers import (
    EntityMemberCreateSerializer,
    EntityMemberRoleSerializer,
    EntityRoleCreateSerializer,
    EntityRoleUpdateSerializer,
)
from releasehub.api.entity.loading import load_members
from releasehub.api.entity.organization_serializers import (
    EntityInvitationAnswerSerializer,
    EntityMemberAnswerSerializer,
    EntityRoleAnswerSerializer,
    EntityRolesSerializer,
)
from releasehub.api.entity.schema import TAG
from releasehub.api.entity.viewsets import ORGANIZATION_SCOPES, EntityViewSet
from releasehub.apikeys.scopes import Scope


@extend_schema(tags=[TAG])
class EntityMembersViewSet(EntityViewSet):
    """The members of an organization. Removing another member needs the scope `members:remove`; leaving does not."""

    reading_scopes = ORGANIZATION_SCOPES
    input_serializer_classes = {
        "create": EntityMemberCreateSerializer,
        "update": EntityMemberRoleSerializer,
    }
    required_scopes = {"create": Scope.MEMBERS_INVITE, "update": Scope.MEMBERS_MANAGE_ROLES, "destroy": ()}

    @extend_schema(
        responses={201: EntityInvitationAnswerSerializer}, summary="Invite a person, who becomes a member by accepting"
    )
    def create(self, request: Request, organization_id: str) -> Response:
        organization_policy.ensure("invite", self.actor, self.organization)
        fields = self.get_validated_data()
        role = find_role(self.organization, fields.get("role_id") or MEMBER)
        invitation = invite(
            actor=self.actor,
            kind=Invitation.Kind.ORGANIZATION,
            target=self.organization,
            invited=fields["email"],
            rights=[role.public_id],
        )
        values = {"member": {"invitation": invitation, "role": role}, "invitation": invitation}
        return Response(EntityInvitationAnswerSerializer(values).data, status=201)

    @extend_schema(responses={200: EntityMemberAnswerSerializer}, summary="Change a role")
    def update(self, request: Request, organization_id: str, user_id: str) -> Response:
        member = find_member(self.organization, user_id)
        role = find_role(self.organization, self.get_validated_data()["role_id"])
        return self.get_member_response(change_role(actor=self.actor, member=member, role=role))

    @extend_schema(
        responses={204: None},
        summary="Remove a member, or leave the organization",
        description="Removing another member needs the scope `members:remove`; leaving does not.",
    )
    def destroy(self, request: Request, organization_id: str, user_id: str) -> Response:
        member = find_member(self.organization, user_id)
        if member.user_id != self.actor.user_id:
            self.require_scope(Scope.MEMBERS_REMOVE)
        remove_member(actor=self.actor, member=member)
        return Response(status=204)

    def get_member_response(self, member: Membership) -> Response:
        load_members([member], self.organization, self.actor)
        return Response(EntityMemberAnswerSerializer({"member": member}).data)


@extend_schema(tags=[TAG])
class EntityRolesViewSet(EntityViewSet):
    reading_scopes = ORGANIZATION_SCOPES
    input_serializer_classes = {
        "create": EntityRoleCreateSerializer,
        "partial_update": EntityRoleUpdateSerializer,
    }
    required_scopes = usual_scopes((), Scope.MEMBERS_MANAGE_ROLES)

    @extend_schema(responses={200: EntityRolesSerializer}, summary="List roles")
    def list(self, request: Request, organization_id: str) -> Response:
        return Response(EntityRolesSerializer({"roles": roles_of(self.organization)}).data)

    @extend_schema(responses={201: EntityRoleAnswerSerializer}, summary="Create a role")
    def create(self, request: Request, organization_id: str) -> Response:
        fields = self.get_validated_data()
        role = create_role(actor=self.actor, organization=self.organization, **fields)
        return Response(EntityRoleAnswerSerializer({"role": role}).data, status=201)

    @extend_schema(responses={200: EntityRoleAnswerSerializer}, summary="Get a role")
    def retrieve(self, request: Request, organization_id: str, role_id: str) -> Response:
        role = find_role(self.organization, role_id)
        return Response(EntityRoleAnswerSerializer({"role": role}).data)

    @extend_schema(responses={200: EntityRoleAnswerSerializer}, summary="Change a role")
    def partial_update(self, request: Request, organization_id: str, role_id: str) -> Response:
        role = find_role(self.organization, role_id)
        self.check_if_match(lambda: lock_organization(role.organization))
        role = update_role(actor=self.actor, role=role, **self.get_validated_data())
        return Response(EntityRoleAnswerSerializer({"role": role}).data)

    @extend_schema(responses={204: None}, summary="Delete a role that no member has")
    def destroy(self, request: Request, organization_id: str, role_id: str) -> Response:
        delete_role(actor=self.actor, role=find_role(self.organization, role_id))
        return Response(status=204)
