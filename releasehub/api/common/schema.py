"""The base of all operations in the OpenAPI schema: security, error answers, headers every write takes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiParameter

from releasehub.api.common.ratelimit import AddressThrottle

WRITE_HEADERS = (
    OpenApiParameter(
        "Idempotency-Key",
        str,
        OpenApiParameter.HEADER,
        description="The same key again within 24 hours gives the same answer; 422 when the request differs.",
    ),
    OpenApiParameter(
        "If-Match",
        str,
        OpenApiParameter.HEADER,
        description="An `ETag` as read; 412 when the object was changed since.",
    ),
)
RATE_LIMITED = "Too many requests from this network. Wait as many seconds as `Retry-After` says."
REDIRECTS = frozenset({"302", "308"})


class HubSchema(AutoSchema):
    """A dialect sets `error_schema`, the component of its envelope, through its view's `error_serializer`."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        """One of the schemes of the view's dialect; what is open works without any too."""
        super().get_auth()  # describes every scheme among the components
        schemes: list[dict[str, list[str]]] = [{name: []} for name in getattr(self.view, "security", ())]
        return [*schemes, {}] if self._is_open() else schemes

    def _is_open(self) -> bool:
        actions = getattr(self.view, "open_actions", None)
        return self.method == "GET" if actions is None else getattr(self.view, "action", "") in actions

    def get_override_parameters(self) -> list[Any]:
        return [] if self.method == "GET" else list(WRITE_HEADERS)

    def _get_response_bodies(self, direction: str = "response") -> Any:
        """Whatever the view says succeeds, and every failure the dialect knows in its envelope."""
        bodies = super()._get_response_bodies(direction)  # type: ignore[arg-type]
        for status, description in self._error_answers().items():
            if status not in bodies:
                bodies[status] = self._get_response_for_code(self.view.error_serializer, status)  # type: ignore[attr-defined,no-untyped-call]
                bodies[status]["description"] = description
        return bodies

    def _error_answers(self) -> dict[str, str]:
        """The failures of the dialect, and 429 wherever the view counts requests."""
        answers = dict(getattr(self.view, "error_answers", {}))
        if self._throttles():
            answers["429"] = RATE_LIMITED
        return answers

    def _throttles(self) -> list[type[AddressThrottle]]:
        classes = getattr(self.view, "throttle_classes", ())
        return [found for found in classes if issubclass(found, AddressThrottle)]

    def _get_response_headers_for_code(self, status_code: str, direction: str = "response") -> dict[str, Any]:
        """Whatever the view says, and what always comes with a status: where to go, or how long to wait."""
        headers: dict[str, Any] = super()._get_response_headers_for_code(status_code, direction)
        if status_code in REDIRECTS:
            headers["Location"] = _header("string", "Where to go on.")
        if status_code == "429":
            headers["Retry-After"] = _header("integer", "Seconds until the next request is answered.")
            for throttle in self._throttles():
                for name, text in throttle.documented_headers.items():
                    headers.setdefault(name, _header("string", text, is_required=False))
        return headers


def _header(kind: str, description: str, *, is_required: bool = True) -> dict[str, Any]:
    return {"schema": {"type": kind}, "description": description, "required": is_required}


def either_may_be_both(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """A full answer is a normal one with more in it, so the two are `anyOf`, not `oneOf`."""
    for node in _objects(result):
        refs = node.get("oneOf")
        if isinstance(refs, list) and all("$ref" in ref for ref in refs):
            node["anyOf"] = node.pop("oneOf")
    return result


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from _objects(child)
