"""What the view sets of the v3 dialect share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import models
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from downloads.models import Download
from downloads.policies import download_policy
from releasehub.api.common.listing import ListingViewSet
from releasehub.api.common.viewsets import HubViewSet
from releasehub.api.v3.errors import V3EnvelopeMixin
from releasehub.api.v3.filters import ordered
from releasehub.api.v3.pagination import V3Pagination
from releasehub.api.v3.throttling import V3Throttle
from releasehub.core.actor import Actor
from releasehub.core.policy import Policy

ID = "[A-Za-z0-9-]{1,64}"
FIELD_NAMES = {
    "number": "version",
    "title": "name",
    "release_notes": "notes",
    "filename": "name",
    "external_url": "url",
    "created_at": "createdAt",
    "expires_at": "expiresAt",
    "declared_checksum": "checksum",
    "secret": "token",
    "download_id": "productId",
    "is_active": "active",
}


class V3ViewSet(V3EnvelopeMixin, HubViewSet):
    """Everything needs a token unless a view says otherwise; every request counts for the limit, refused ones too."""

    throttle_classes = [V3Throttle]
    open_actions = frozenset()
    security = ("token",)
    field_names = FIELD_NAMES
    lookup_field = lookup_url_kwarg = "public_id"
    lookup_value_regex = ID

    def perform_authentication(self, request: Request) -> None:
        super().check_throttles(request)
        super().perform_authentication(request)

    def check_throttles(self, request: Request) -> None:
        """Done before the token was looked at."""


class V3ModelViewSet(V3ViewSet, ListingViewSet):
    """Bare arrays and bare objects. `ordering`: name on the wire -> field."""

    pagination_class = V3Pagination
    policy: ClassVar[Policy[Any]]
    ordering: ClassVar[Mapping[str, str]]
    default_order: ClassVar[tuple[str, ...]]

    def list(self, request: Request) -> Response:
        rows = self.decorated(ordered(self.filtered_rows(), request, self.ordering, self.default_order))
        return self.get_paginated_response(self.shown(self.paginate_queryset(rows) or []))

    def one(self, target: models.Model, status: int = 200) -> Response:
        """The answer with this one object, read again so that it shows what is stored."""
        fresh = self.decorated(type(target)._base_manager.filter(pk=target.pk)).get()
        response = self.get_tagged_response(fresh, self.shown([fresh])[0])
        response.status_code = status
        return response

    def found(self, public_id: str) -> Any:
        """The row, if the caller may see it.  Errors: Http404."""
        target = self.decorated(self.living()).filter(public_id=public_id).first()
        if target is None or not self.policy.can_view(self.actor, target):
            raise Http404
        return target

    def living(self) -> models.QuerySet[Any]:
        """What this dialect knows: it has no deleted things."""
        return self.get_queryset()


def find_product(actor: Actor, public_id: str) -> Download | None:
    """The download of that id, if the actor may see it; None for any text that is none."""
    rows = Download.objects.select_related("category")
    download: Download | None = rows.filter(public_id=public_id).first() if is_id(public_id) else None
    return download if download is not None and download_policy.can_view(actor, download) else None


def is_id(text: str) -> bool:
    """Whether a database may be asked for it."""
    return text.isascii() and text.isalnum() and len(text) <= 64
