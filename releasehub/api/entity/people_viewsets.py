"""Shares and publishers of an entity."""

from __future__ import annotations

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
from releasehub.accounts.models import User
from releasehub.api.entity.addresses import count_addresses
from releasehub.api.entity.input_serializers import EntityPublisherCreateSerializer, EntityShareCreateSerializer
from releasehub.api.entity.loading import WITH_ICON, dress_entities
from releasehub.api.entity.pagination import page_of
from releasehub.api.entity.schema import KIND, PAGE, TAG
from releasehub.api.entity.serializers import (
    EntityPublisherAnswerSerializer,
    EntityPublishersSerializer,
    EntityPublisherStatusSerializer,
    EntitySharedSerializer,
    EntitySharesOfSerializer,
    EntitySharesSerializer,
)
from releasehub.api.entity.viewsets import EntityViewSet
from releasehub.apikeys.scopes import Scope
from releasehub.core.errors import NotFound


@extend_schema(tags=[TAG])
class EntitySharesViewSet(EntityViewSet):
    required_scopes = {
        "create": Scope.ENTITIES_SHARE,
        "list": (),
        "destroy": Scope.ENTITIES_SHARE,
        "received": (),
        "made": (),
    }

    @extend_schema(
        request=EntityShareCreateSerializer, responses={200: EntitySharedSerializer}, summary="Share by e-mail address"
    )
    def create(self, request: Request, entity_id: str) -> Response:
        entity = self.entity
        emails = self.get_validated_data(EntityShareCreateSerializer)["emails"]
        count_addresses(self.actor, emails)
        targets = find_targets(self.actor, emails)
        if targets.outsiders or targets.unknown:  # one answer for both, or it would tell who has an account
            self.require_scope(Scope.ENTITIES_SHARE_EXTERNAL)
        result = share_with(actor=self.actor, download=entity, targets=targets)
        created = [
            {"id": share.public_id, "email": address, "user_id": share.user.public_id}
            for address, share in result.created
        ]
        shown = {"created": created, "already_had_access": result.had_access, "unknown": result.unknown}
        return Response(EntitySharedSerializer(shown).data)

    @extend_schema(parameters=PAGE, responses={200: EntitySharesSerializer}, summary="Shares of an entity")
    def list(self, request: Request, entity_id: str) -> Response:
        rows = visible_shares(self.actor, self.entity).select_related("user", "created_by", "download")
        page = page_of(rows.order_by("-id"), request)
        return Response(EntitySharesSerializer(page.body("shares", page.rows)).data)

    @extend_schema(responses={204: None}, summary="Take a share back")
    def destroy(self, request: Request, entity_id: str, share_id: str) -> Response:
        share = Share.objects.filter(download=self.entity, public_id=share_id).first()
        if share is None:
            raise NotFound
        share.download = self.entity
        remove_share(actor=self.actor, share=share)
        return self.nothing()

    @extend_schema(
        summary="What was shared with the caller", parameters=[KIND, *PAGE], responses={200: EntitySharesOfSerializer}
    )
    def received(self, request: Request) -> Response:
        return self.listing(user=self.actor.user_id)

    @extend_schema(
        summary="Shares the caller made", parameters=[KIND, *PAGE], responses={200: EntitySharesOfSerializer}
    )
    def made(self, request: Request) -> Response:
        return self.listing(created_by=self.actor.user_id)

    def listing(self, **party: Any) -> Response:
        """Shares of entities that the caller still sees."""
        entities = Download.objects.visible_to(self.actor).entities(self.wanted_kind())
        rows = Share.objects.filter(download__in=entities, **party) if self.actor.user_id else Share.objects.none()
        tables = ("user", "created_by", *(f"download__{name}" for name in WITH_ICON))
        page = page_of(rows.select_related(*tables).order_by("-id"), self.request)
        dress_entities([share.download for share in page.rows], self.base_url)
        return Response(EntitySharesOfSerializer(page.body("shares", page.rows)).data)


@extend_schema(tags=[TAG])
class EntityPublishersViewSet(EntityViewSet):
    required_scopes = {"create": Scope.ENTITIES_PUBLISH, "list": (), "retrieve": (), "destroy": Scope.ENTITIES_PUBLISH}

    @extend_schema(responses={200: EntityPublishersSerializer}, summary="Publishers of an entity")
    def list(self, request: Request, entity_id: str) -> Response:
        return Response(EntityPublishersSerializer({"publishers": publishers_of(self.entity)}).data)

    @extend_schema(
        request=EntityPublisherCreateSerializer,
        responses={201: EntityPublisherAnswerSerializer, 200: EntityPublisherAnswerSerializer},
        summary="Make somebody a publisher",
    )
    def create(self, request: Request, entity_id: str) -> Response:
        entity = self.entity
        user = self.user(self.get_validated_data(EntityPublisherCreateSerializer)["user_id"])
        publisher, is_new = add_publisher(actor=self.actor, download=entity, user=user)
        shown = EntityPublisherAnswerSerializer({"publisher": publisher}).data
        return Response(shown, status=201 if is_new else 200)

    @extend_schema(responses={200: EntityPublisherStatusSerializer}, summary="Is this user a publisher?")
    def retrieve(self, request: Request, entity_id: str, user_id: str) -> Response:
        shown = {"userId": user_id, "isPublisher": is_publisher(self.entity, user_id)}
        return Response(EntityPublisherStatusSerializer(shown).data)

    @extend_schema(responses={204: None}, summary="Remove a publisher; never the last one")
    def destroy(self, request: Request, entity_id: str, user_id: str) -> Response:
        remove_publisher(actor=self.actor, download=self.entity, user=self.user(user_id))
        return self.nothing()

    def user(self, public_id: str) -> User:
        """Errors: NotFound, and first those of who may not ask."""
        download_policy.ensure("manage_team", self.actor, self.entity)
        found = User.objects.filter(public_id=public_id, is_active=True).first()
        if found is None:
            raise NotFound("There is no such user.")
        return found
