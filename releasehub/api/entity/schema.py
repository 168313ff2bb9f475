"""The parts of the OpenAPI schema of the entity dialect that do not follow from its serializers."""

import re
from typing import Any

from drf_spectacular.utils import OpenApiParameter

from downloads.models import Download
from releasehub.api.common.schema import HubSchema

TAG = "entity"
KINDS = [kind for kind in Download.DownloadKind.values if kind != Download.DownloadKind.OTHER]
PAGE = [
    OpenApiParameter("page", int, description="Starts at 1"),
    OpenApiParameter("pageSize", int, description="20 by default, at most 100"),
]
KIND = OpenApiParameter("type", str, enum=KINDS)


class EntitySchema(HubSchema):
    """The schema of an operation; a view set names DELETE actions with a body in `delete_actions_with_body`."""

    def get_operation_id(self) -> str:
        """Return the name of the view set and of its action, such as `entity_shares_list`."""
        view: Any = self.view
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(view).__name__.removesuffix("ViewSet")).lower()
        return f"{name}_{view.action}"

    def _is_list_view(self, serializer: Any = None) -> bool:
        """Return False: a list of this dialect is an object with a named array, which its serializer describes."""
        return False

    def _get_request_body(self, direction: str = "request") -> Any:
        view: Any = self.view
        if self.method != "DELETE" or view.action not in view.delete_actions_with_body:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        self.method = "POST"  # the generator describes no body of a DELETE
        try:
            return super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        finally:
            self.method = "DELETE"
