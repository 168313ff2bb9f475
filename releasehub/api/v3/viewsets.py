"""The bases of the view sets of the v3 dialect."""

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from rest_framework.request import Request

from releasehub.api.common.model_mixins import (
    CreateModelMixin,
    DestroyModelMixin,
    ListModelMixin,
    PartialUpdateModelMixin,
    RetrieveModelMixin,
)
from releasehub.api.common.model_viewsets import HubModelViewSet
from releasehub.api.common.viewsets import HubViewSet
from releasehub.api.v3.errors import V3EnvelopeMixin
from releasehub.api.v3.filters import order_rows
from releasehub.api.v3.pagination import V3Pagination
from releasehub.api.v3.schema import V3Schema
from releasehub.api.v3.throttling import V3Throttle

ID = "[A-Za-z0-9-]{1,64}"
FIELD_NAMES = {
    "number": "version",
    "title": "name",
    "release_notes": "notes",
    "changelog": "notes",
    "filename": "name",
    "external_url": "url",
    "created_at": "createdAt",
    "expires_at": "expiresAt",
    "declared_checksum": "checksum",
    "secret": "token",
    "download_id": "productId",
    "version_scheme": "versionScheme",
    "is_active": "active",
}


class V3ViewSet(V3EnvelopeMixin, HubViewSet):
    """A view set whose actions all need a token, unless it names them in `open_actions`."""

    schema = V3Schema()
    throttle_classes = [V3Throttle]
    open_actions = frozenset()
    security = ("token",)
    field_names = FIELD_NAMES
    lookup_field = lookup_url_kwarg = "public_id"
    lookup_value_regex = ID

    def perform_authentication(self, request: Request) -> None:
        """Count the request before its token is checked: rejected requests count for the limit as well."""
        super().check_throttles(request)
        super().perform_authentication(request)

    def check_throttles(self, request: Request) -> None:
        """Do nothing: `perform_authentication` has counted the request."""


class V3ModelViewSet(V3ViewSet, HubModelViewSet):
    """A view set that answers with bare arrays and bare objects.

    Attributes:
        ordering: Maps a name of the parameter `sort` to the field to order by.
    """

    pagination_class = V3Pagination
    ordering: ClassVar[Mapping[str, str]]
    default_order: ClassVar[tuple[str, ...]]

    def get_object_queryset(self) -> models.QuerySet[Any]:
        return self.with_relations(super().get_object_queryset())

    def order_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        return order_rows(queryset, self.request, self.ordering, self.default_order)

    def get_representation(self, data: Any) -> Any:
        return data


class V3EditableModelViewSet(
    ListModelMixin, RetrieveModelMixin, PartialUpdateModelMixin, DestroyModelMixin, V3ModelViewSet
):
    """The actions on rows that exist."""


class V3FullModelViewSet(CreateModelMixin, V3EditableModelViewSet):
    """The actions on rows, and their creation."""
