"""ETags of rows, and changes on the condition that a row has not changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import models
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from releasehub.api.common.errors import Stale


class ETagMixin(GenericViewSet[Any]):
    """The checks of `If-Match`, and responses with an ETag."""

    def check_if_match(self, lock: Callable[[], models.Model]) -> None:
        """Lock the row and compare its ETag, if the request has `If-Match`.

        Call it inside the transaction of the change: the lock keeps the row as it was compared until the commit.

        Raises:
            Stale: The row has changed since the caller read it.
        """
        if_match = self.request.headers.get("If-Match", "").strip()
        if if_match and if_match != "*" and etag(lock()) not in {part.strip() for part in if_match.split(",")}:
            raise Stale

    def get_tagged_response(self, instance: models.Model, data: Any, *, status: int = 200) -> Response:
        """Return a response with the ETag of the row that it shows."""
        return Response(data, status=status, headers={"ETag": etag(instance)})


def etag(instance: models.Model) -> str:
    """Return an ETag that differs after every change of the row, except a change of its counters."""
    updated_at = instance.updated_at  # type: ignore[attr-defined]
    return f'"{instance.pk}-{int(updated_at.timestamp() * 1_000_000):x}"'
