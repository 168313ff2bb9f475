"""What the four view sets of the mc-dm dialect share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db import models
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from releasehub.api.common.envelope import HubEnvelopeMixin
from releasehub.api.common.listing import ListingViewSet
from releasehub.api.mc_dm.filters import ordered
from releasehub.api.mc_dm.pagination import McDmPagination
from releasehub.api.mc_dm.serializers import McDmDeleteSerializer
from releasehub.apikeys.scopes import Scope
from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.core.errors import Denied
from releasehub.core.numbers import read_number
from releasehub.core.policy import Policy

FIELD_NAMES = {
    "number": "version_string",
    "filename": "file",
    "category": "category_id",
    "parent": "parent_category_id",
    "base_version": "base_version_id",
}


class McDmViewSet(HubEnvelopeMixin, ListingViewSet):
    """One object under `item_key`, many under `list_key` beside the pagination block."""

    pagination_class = McDmPagination
    query_fills_body = True
    lookup_value_regex = r"\d+"
    field_names = FIELD_NAMES
    policy: ClassVar[Policy[Any]]
    item_key: ClassVar[str]
    list_key: ClassVar[str]
    ordering: ClassVar[dict[str, str]]
    delete_hard_scope: ClassVar[Scope] = Scope.DOWNLOAD_DELETE_HARD

    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.decorated(ordered(self.filtered_rows(), request, self.ordering)))
        return self.get_paginated_response(self.shown(page or []))

    def shown(self, objects: Sequence[Any]) -> Sequence[dict[str, Any]]:
        serializer_class, context = self.serializer_and_context(objects)
        serializer = serializer_class(context={"base_url": self.base_url, "actor": self.actor} | context)
        return [serializer.to_representation(item) for item in objects]

    def serializer_and_context(self, objects: Sequence[Any]) -> tuple[type[BaseSerializer[Any]], dict[str, Any]]:
        raise NotImplementedError

    def one(self, target: models.Model) -> Response:
        """The answer with this one object, read again so that it shows what is stored."""
        fresh = self.decorated(type(target)._base_manager.filter(pk=target.pk)).get()
        return self.tagged(fresh, {self.item_key: self.shown([fresh])[0]})

    def found(self, rows: models.QuerySet[Any], pk: str) -> Any:
        """The row, if the caller may see it. One row is asked of the policy, which is cheaper than its set form.

        Errors: Http404.
        """
        number = read_number(pk)
        target = None if number is None else rows.filter(pk=number).first()
        if target is None or not self.policy.can_view(self.actor, target):
            raise Http404
        return target

    @property
    def is_full(self) -> bool:
        return self.request.query_params.get("with") == "full"

    @property
    def wants_deleted(self) -> bool:
        return self.request.query_params.get("deleted") in {"1", "true"}

    @property
    def is_super_key(self) -> bool:
        return self.actor.is_super_key

    def deletion(self, target: models.Model) -> dict[str, Any]:
        """`hard` and `reason`; hard deletion needs its scope beside write, and a refusal is recorded.

        Errors: MissingScope.
        """
        options = self.parsed(McDmDeleteSerializer)
        if options["hard"]:
            try:
                self.require_scope(self.delete_hard_scope)
            except Denied:
                audit.record(actor=self.actor, action=AuditAction.HARD_DELETE_REFUSED, target=target)
                raise
        return options

    def success(self) -> Response:
        return Response({"success": True})
