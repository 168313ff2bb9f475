"""What the operations of the dialect share in the OpenAPI schema."""

from __future__ import annotations

import re
from typing import Any

from drf_spectacular.utils import OpenApiParameter

from downloads.models import Download
from releasehub.api.common.schema import HubSchema

TAG = "entity"
KINDS = [kind for kind in Download.Kind.values if kind != Download.Kind.OTHER]
PAGE = [
    OpenApiParameter("page", int, description="From 1"),
    OpenApiParameter("pageSize", int, description="By default 20, at most 100"),
]
KIND = OpenApiParameter("type", str, enum=KINDS)


class EntitySchema(HubSchema):
    """A view's `bodies_of_delete` names the DELETE actions that take a body."""

    def get_operation_id(self) -> str:
        """From the view and its method, such as `entity_shares_list`."""
        view: Any = self.view
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(view).__name__.removesuffix("ViewSet")).lower()
        return f"{name}_{view.action}"

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Lists are objects with a named array, and say so themselves."""
        return False

    def _get_request_body(self, direction: str = "request") -> Any:
        view: Any = self.view
        if self.method != "DELETE" or view.action not in view.bodies_of_delete:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        self.method = "POST"  # the generator has no body for any DELETE
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = "DELETE"
