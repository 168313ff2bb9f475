"""`/api/entities/{id}/shares` and `/publishers`: the people who may use or publish an entity."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download, Share
from downloads.policies import download_policy
from downloads.services import (
    add_publisher,
    find_targets,
    is_publisher,
    publishers_of,
    remove_publisher,
    remove_share,
    share_with,
    visible_shares,
)
from releasehub.accounts.invitation_limit import count_names, count_outsiders
from releasehub.accounts.models import User
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.entity.input_serializers import EntityPublisherCreateSerializer, EntityShareCreateSerializer
from releasehub.api.entity.loading import ENTITY_RELATIONS, load_icons
from releasehub.api.entity.pagination import paginate
from releasehub.api.entity.people_serializers import (
    EntityPublisherAnswerSerializer,
    EntityPublishersSerializer,
    EntityPublisherStatusSerializer,
    EntitySharedSerializer,
    EntitySharesOfSerializer,
    EntitySharesSerializer,
)
from releasehub.api.entity.schema import KIND, PAGE, TAG
from releasehub.api.entity.viewsets import EntityViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.querysets import first_or_not_found


@extend_schema(tags=[TAG])
class EntitySharesViewSet(EntityViewSet):
    input_serializer_classes = {
        "create": EntityShareCreateSerializer,
    }
    required_scopes = usual_scopes((), Scope.ENTITIES_SHARE) | {"received": (), "made": ()}

    @extend_schema(
        responses={200: EntitySharedSerializer}, summary="Share an entity with users, by their e-mail addresses"
    )
    def create(self, request: Request, entity_id: str) -> Response:
        entity = self.entity
        emails = self.get_validated_data()["emails"]
        count_names(self.actor, emails)
        targets = find_targets(self.actor, emails)
        if targets.outsiders or targets.unknown:  # one answer for both, or it would tell who has an account
            self.require_scope(Scope.ENTITIES_SHARE_EXTERNAL)
            count_outsiders(self.actor, len(targets.outsiders) + len(targets.unknown))
        result = share_with(actor=self.actor, download=entity, targets=targets)
        created = [
            {"id": share.public_id, "email": address, "user_id": share.user.public_id}
            for address, share in result.created
        ]
        values = {"created": created, "already_had_access": result.had_access, "unknown": result.unknown}
        return Response(EntitySharedSerializer(values).data)

    @extend_schema(parameters=PAGE, responses={200: EntitySharesSerializer}, summary="List the shares of an entity")
    def list(self, request: Request, entity_id: str) -> Response:
        rows = visible_shares(self.actor, self.entity).select_related("user", "created_by", "download")
        page = paginate(rows.order_by("-id"), request)
        return Response(EntitySharesSerializer(page.body("shares", page.rows)).data)

    @extend_schema(responses={204: None}, summary="Revoke a share")
    def destroy(self, request: Request, entity_id: str, share_id: str) -> Response:
        share = first_or_not_found(Share.objects.filter(download=self.entity, public_id=share_id))
        share.download = self.entity
        remove_share(actor=self.actor, share=share)
        return Response(status=204)

    @extend_schema(
        summary="List what was shared with the caller",
        parameters=[KIND, *PAGE],
        responses={200: EntitySharesOfSerializer},
    )
    def received(self, request: Request) -> Response:
        return self.get_share_list(user=self.actor.user_id)

    @extend_schema(
        summary="List the shares that the caller created",
        parameters=[KIND, *PAGE],
        responses={200: EntitySharesOfSerializer},
    )
    def made(self, request: Request) -> Response:
        return self.get_share_list(created_by=self.actor.user_id)

    def get_share_list(self, **party: Any) -> Response:
        """Return a page of shares, of entities that the caller can still see."""
        entities = Download.objects.visible_to(self.actor).entities(self.get_kind_filter())
        rows = Share.objects.filter(download__in=entities, **party) if self.actor.user_id else Share.objects.none()
        tables = ("user", "created_by", *(f"download__{name}" for name in ENTITY_RELATIONS))
        page = paginate(rows.select_related(*tables).order_by("-id"), self.request)
        load_icons([share.download for share in page.rows], self.base_url)
        return Response(EntitySharesOfSerializer(page.body("shares", page.rows)).data)


@extend_schema(tags=[TAG])
class EntityPublishersViewSet(EntityViewSet):
    input_serializer_classes = {
        "create": EntityPublisherCreateSerializer,
    }
    required_scopes = usual_scopes((), Scope.ENTITIES_PUBLISH)

    @extend_schema(responses={200: EntityPublishersSerializer}, summary="List the publishers of an entity")
    def list(self, request: Request, entity_id: str) -> Response:
        return Response(EntityPublishersSerializer({"publishers": publishers_of(self.entity)}).data)

    @extend_schema(
        responses={201: EntityPublisherAnswerSerializer, 200: EntityPublisherAnswerSerializer},
        summary="Make a user a publisher",
    )
    def create(self, request: Request, entity_id: str) -> Response:
        entity = self.entity
        user = self.find_user(self.get_validated_data()["user_id"])
        publisher, is_new = add_publisher(actor=self.actor, download=entity, user=user)
        values = EntityPublisherAnswerSerializer({"publisher": publisher}).data
        return Response(values, status=201 if is_new else 200)

    @extend_schema(responses={200: EntityPublisherStatusSerializer}, summary="Get whether a user is a publisher")
    def retrieve(self, request: Request, entity_id: str, user_id: str) -> Response:
        values = {"userId": user_id, "isPublisher": is_publisher(self.entity, user_id)}
        return Response(EntityPublisherStatusSerializer(values).data)

    @extend_schema(responses={204: None}, summary="Remove a publisher, unless it is the last one")
    def destroy(self, request: Request, entity_id: str, user_id: str) -> Response:
        remove_publisher(actor=self.actor, download=self.entity, user=self.find_user(user_id))
        return Response(status=204)

    def find_user(self, public_id: str) -> User:
        """Return the user with this id.

        Raises:
            Denied: The caller may not manage the team. This comes first, so as not to reveal which users exist.
            NotFound: There is no such user.
        """
        download_policy.ensure("manage_team", self.actor, self.entity)
        rows = User.objects.filter(public_id=public_id, is_active=True)
        return first_or_not_found(rows, "This user does not exist. Check the id.")
