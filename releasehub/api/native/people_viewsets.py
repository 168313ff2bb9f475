"""`/api/invitations/`: invitations to organizations, to teams and to own a download."""

from typing import Any

from django.db import models
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.services import pending_invitations_of_download, with_required_organization
from releasehub.accounts.models import Invitation, Organization
from releasehub.accounts.policies import invitation_policy
from releasehub.accounts.services import (
    accept_invitation,
    decline_invitation,
    pending_invitations_of_organization,
    revoke_invitation,
)
from releasehub.api.common.model_mixins import ListModelMixin
from releasehub.api.common.model_viewsets import HubModelViewSet
from releasehub.api.native.loading import find_download
from releasehub.api.native.pagination import NewestFirst
from releasehub.api.native.people_serializers import (
    InvitationListQuerySerializer,
    InvitationListSerializer,
    InvitationSerializer,
)
from releasehub.api.native.serializers import SuccessSerializer
from releasehub.api.native.viewsets import NativeViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import Denied
from releasehub.core.querysets import first_or_not_found

TAG = "people"


@extend_schema_view(
    list=extend_schema(
        summary="List the pending invitations to a download, to an organization or to the caller",
        description="An invitation that was declined stays in the list of the inviter until it expires.",
        parameters=[InvitationListQuerySerializer],
        responses={200: InvitationListSerializer},
    ),
    destroy=extend_schema(summary="Revoke an invitation", responses={200: SuccessSerializer}),
    accept=extend_schema(
        summary="Accept an invitation to a team, or to own a download", responses={200: SuccessSerializer}
    ),
    decline=extend_schema(
        summary="Decline an invitation to a team, or to own a download", responses={200: SuccessSerializer}
    ),
)
@extend_schema(tags=[TAG])
class InvitationViewSet(ListModelMixin, NativeViewSet, HubModelViewSet):
    """Pending invitations. An invitation that was declined looks pending, as on the pages."""

    serializer_class = InvitationSerializer
    policy = invitation_policy
    pagination_class = NewestFirst
    list_key = "invitations"
    open_actions = frozenset()
    required_scopes = {
        "list": (),
        "destroy": (),  # the scope depends on what the invitation is for
        **dict.fromkeys(("accept", "decline"), Scope.PEOPLE_WRITE),
    }

    def get_queryset(self) -> models.QuerySet[Invitation]:
        """Return the pending invitations to the target that the query string names, or those of the caller."""
        query = self.get_validated_query(InvitationListQuerySerializer)
        if query["mine"]:
            self.require_scope(Scope.PEOPLE_READ)
            rows = Invitation.objects.pending().addressed_to(self.actor).exclude(kind=Invitation.Kind.ORGANIZATION)
        elif "download_id" in query:
            self.require_scope(Scope.PEOPLE_READ)
            download = find_download(self.actor, query["download_id"])
            rows = pending_invitations_of_download(actor=self.actor, download=download)
        else:
            self.require_scope(Scope.MEMBERS_INVITE)
            organization = _find_organization(query["organization_id"])
            rows = pending_invitations_of_organization(actor=self.actor, organization=organization)
        return with_required_organization(rows.select_related("invited_by"))

    def get_object_queryset(self) -> models.QuerySet[Invitation]:
        return Invitation.objects.all()

    def order_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return queryset  # the cursor pagination orders the rows itself

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        invitation = self.get_object()
        is_to_organization = invitation.kind == Invitation.Kind.ORGANIZATION
        self.require_scope(Scope.MEMBERS_INVITE if is_to_organization else Scope.PEOPLE_WRITE)
        revoke_invitation(actor=self.actor, invitation=invitation)
        return Response({"success": True})

    @action(detail=True, methods=["post"])
    def accept(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        accept_invitation(actor=self.actor, invitation=self.get_download_invitation())
        return Response({"success": True})

    @action(detail=True, methods=["post"])
    def decline(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        decline_invitation(actor=self.actor, invitation=self.get_download_invitation())
        return Response({"success": True})

    def get_download_invitation(self) -> Invitation:
        """Return the invitation, unless it is to an organization: no scope of a key allows to join one."""
        invitation: Invitation = self.get_object()
        if invitation.kind == Invitation.Kind.ORGANIZATION:
            raise Denied("A key cannot join an organization. Answer this invitation on your account page.")
        return invitation


def _find_organization(public_id: str) -> Organization:
    """Return the organization with this id; the policy decides whether the caller learns of it."""
    return first_or_not_found(Organization.objects.filter(public_id=public_id))
