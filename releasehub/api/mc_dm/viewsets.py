"""The base of the view sets of the mc-dm dialect."""

from functools import cached_property
from typing import Any, ClassVar

from django.db import models
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from releasehub.api.common.model_mixins import (
    CreateModelMixin,
    DestroyModelMixin,
    ListModelMixin,
    RetrieveModelMixin,
    UpdateModelMixin,
)
from releasehub.api.common.model_viewsets import HubModelViewSet
from releasehub.api.common.permissions import usual_scopes
from releasehub.api.mc_dm.errors import McDmEnvelopeMixin
from releasehub.api.mc_dm.filters import order_rows
from releasehub.api.mc_dm.pagination import McDmPagination
from releasehub.apikeys.scopes import Scope
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.errors import Denied
from releasehub.core.numbers import read_number

FIELD_NAMES = {
    "number": "version_string",
    "filename": "file",
    "category": "category_id",
    "prefix": "prefix_id",
    "parent": "parent_category_id",
    "base_version": "base_version_id",
    "text": "message",
}

# The scopes for the five usual actions on downloads and everything that belongs to them.
CONTENT_SCOPES = usual_scopes(Scope.DOWNLOAD_READ, Scope.DOWNLOAD_WRITE)


class McDmViewSet(McDmEnvelopeMixin, HubModelViewSet):
    """A view set that puts one object under `item_key`, and a list under `list_key` beside the pagination block.

    Attributes:
        full_serializer_class: The serializer for `with=full`, where a resource has more fields to show.
        ordering: Maps a value of `order` to the field to order by; the first one is the default.
    """

    pagination_class = McDmPagination
    query_fills_body = True
    replica_actions = frozenset({"list", "retrieve"})
    lookup_value_regex = r"\d+"
    field_names = FIELD_NAMES
    item_key: ClassVar[str]
    list_key: ClassVar[str]
    full_serializer_class: ClassVar[type[BaseSerializer[Any]] | None] = None
    ordering: ClassVar[dict[str, str]]

    @cached_property
    def is_full(self) -> bool:
        return self.full_serializer_class is not None and self.request.query_params.get("with") == "full"

    @property
    def wants_deleted(self) -> bool:
        return self.request.query_params.get("deleted") in {"1", "true"}

    @property
    def is_super_key(self) -> bool:
        return self.actor.is_super_key

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        full = self.full_serializer_class
        return full if full is not None and self.is_full else super().get_serializer_class()

    def get_lookup(self) -> dict[str, Any] | None:
        number = read_number(self.kwargs["pk"])
        return None if number is None else {"pk": number}

    def order_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return order_rows(queryset, self.request, self.ordering)

    def get_representation(self, data: Any) -> dict[str, Any]:
        return {self.item_key: data}


class McDmCreateMixin(CreateModelMixin):
    """A creation, which the dialect answers with 200."""

    created_status = 200


class McDmDestroyMixin(DestroyModelMixin):
    """A deletion, which the dialect answers with a body."""

    def get_destroyed_response(self) -> Response:
        return Response({"success": True})


class McDmHardDestroyMixin(McDmDestroyMixin):
    """A deletion with the options `hard` and `reason`."""

    delete_hard_scope: ClassVar[Scope] = Scope.DOWNLOAD_DELETE_HARD

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        instance = self.get_object()
        options = self.get_validated_data()
        if options["hard"]:
            self.check_hard_delete(instance)
        self.check_destroy(instance, **options)
        self.check_if_match(lambda: self.lock_object(instance))
        self.perform_destroy(instance, **options)
        return self.get_destroyed_response()

    def check_hard_delete(self, instance: models.Model) -> None:
        """Require the scope that a hard deletion needs beside that for writing.

        Raises:
            MissingScope: The key lacks it. The refusal is recorded in the audit log.
        """
        try:
            self.require_scope(self.delete_hard_scope)
        except Denied:
            audit.record(actor=self.actor, action=AuditAction.HARD_DELETE_REFUSED, target=instance)
            raise

    def check_destroy(self, instance: Any, *, hard: bool, reason: str) -> None:
        """Raise an exception if the resource does not support this deletion."""

    def perform_destroy(self, instance: Any, *, hard: bool = False, reason: str = "") -> None:
        raise NotImplementedError


class McDmModelViewSet(
    ListModelMixin, RetrieveModelMixin, McDmCreateMixin, UpdateModelMixin, McDmHardDestroyMixin, McDmViewSet
):
    """A view set with the five usual actions of the dialect."""
