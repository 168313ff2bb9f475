"""ETags of rows: changes on the condition that a row has not changed, and reads on the condition that it has.

A tag has two parts, `"ROW.CONTENT"`. The row part differs after every change of the row, except a change of its
counters, so that a download does not break an `If-Match`. The content part differs whenever the response does, because
a response also shows counters, files and other rows, and depends on the query string and on the caller.
"""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

from django.db import models
from django.utils.cache import get_conditional_response, patch_vary_headers
from rest_framework.permissions import SAFE_METHODS
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from releasehub.api.common.caching import CALLER_HEADERS
from releasehub.api.common.errors import Stale
from releasehub.api.common.renderers import OrjsonRenderer

DIGEST_CHARACTERS = 16
CONDITIONS = ("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH")


class ETagMixin(GenericViewSet[Any]):
    """The checks of `If-Match` and `If-None-Match`, and responses with an ETag."""

    def check_if_match(self, lock: Callable[[], models.Model]) -> None:
        """Lock the row and compare its ETag, if the request has `If-Match`.

        Call it inside the transaction of the change: the lock keeps the row as it was compared until the commit.
        """
        if_match = self.request.headers.get("If-Match", "").strip()
        if if_match and if_match != "*" and row_part(lock()) not in {_row_part_of(tag) for tag in if_match.split(",")}:
            raise Stale

    def get_tagged_response(self, instance: models.Model, data: Any, *, status: int = 200) -> Response:
        """Return a response with the ETag of the row that it shows, or 304 if the client has that content already.

        Raises:
            Stale: The request reads only what has another ETag (`If-Match`).
        """
        tag = f'"{row_part(instance)}.{sha256(OrjsonRenderer().render(data)).hexdigest()[:DIGEST_CHARACTERS]}"'
        refusal = None
        # Most reads have no condition, and Django parses both headers even if they are missing.
        if self.request.method in SAFE_METHODS and any(name in self.request.META for name in CONDITIONS):
            refusal = get_conditional_response(self.request._request, etag=tag)
        if refusal is not None and refusal.status_code != 304:
            raise Stale
        response = Response(data, status=status) if refusal is None else Response(status=304)
        response["ETag"] = tag
        patch_vary_headers(response, CALLER_HEADERS)
        return response


def row_part(instance: models.Model) -> str:
    """Return the part of an ETag that differs after every change of the row, except a change of its counters."""
    updated_at = instance.updated_at  # type: ignore[attr-defined]
    return f"{instance.pk}-{int(updated_at.timestamp() * 1_000_000):x}"


def _row_part_of(tag: str) -> str:
    return tag.strip().strip('"').partition(".")[0]
