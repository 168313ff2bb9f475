"""The base of all operations in the OpenAPI schema: security, error responses, and the headers of every write."""

from collections.abc import Iterator
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from releasehub.api.common.serializers import InputSerializer
from releasehub.api.common.throttling import AddressThrottle

WRITE_HEADERS = (
    OpenApiParameter(
        "Idempotency-Key",
        str,
        OpenApiParameter.HEADER,
        description="Within 24 hours, the same request with the same key gets the same response; another one gets 422.",
    ),
    OpenApiParameter(
        "If-Match",
        str,
        OpenApiParameter.HEADER,
        description="The `ETag` of the object when it was read. The response is 412 if the object has changed since.",
    ),
)
FILE_DESCRIPTION = (
    "The file is sent as an attachment. `Repr-Digest` and `X-Checksum-SHA256` contain its checksums. "
    "Range requests are supported."
)
OCTETS, ANY_TYPE = "application/octet-stream", "*/*"
JSON_TYPE, MULTIPART_TYPE = "application/json", "multipart/form-data"
# Files have any media type. The first type is for generators of clients that do not know the second one.
FILE_RESPONSES = {
    (200, OCTETS): OpenApiResponse(OpenApiTypes.BINARY, description="The whole file."),
    (200, ANY_TYPE): OpenApiResponse(OpenApiTypes.BINARY, description="The whole file."),
    (206, OCTETS): OpenApiResponse(OpenApiTypes.BINARY, description="The requested range."),
    (206, ANY_TYPE): OpenApiResponse(OpenApiTypes.BINARY, description="The requested range."),
    302: OpenApiResponse(description="A redirect to a short-lived URL, or to the external URL of a link."),
    304: OpenApiResponse(description="Not modified."),
    416: OpenApiResponse(description="The range is outside the file."),
}
RATE_LIMITED = "Too many requests from this network. Wait for the seconds in `Retry-After`."
# An extension of this hub: a member that may be null, which means the same as leaving it out.
NULL_IS_OMITTED = "x-null-is-omitted"
COMBINATIONS = ("$ref", "allOf", "anyOf", "oneOf")
DIGITS = r"^\d+$"
REDIRECTS = frozenset({"302", "308"})


class HubSchema(AutoSchema):
    """The schema of an operation. The `error_serializer` of the view set describes the errors of its dialect."""

    def get_auth(self) -> list[dict[str, list[str]]]:
        """Return the security schemes of the dialect, of which one is needed; an open action also works without any."""
        super().get_auth()  # adds every scheme to the components
        schemes: list[dict[str, list[str]]] = [{name: []} for name in getattr(self.view, "security", ())]
        return [*schemes, {}] if self._is_open() else schemes

    def get_description(self) -> str:  # type: ignore[override]
        """Return no description, because docstrings are for developers. `extend_schema` overrides this method."""
        return ""

    def _is_open(self) -> bool:
        actions = getattr(self.view, "open_actions", None)
        return self.method == "GET" if actions is None else getattr(self.view, "action", "") in actions

    def get_request_serializer(self) -> Any:
        """Return the serializer of the body that the view set names for its action, or None if it takes no body."""
        return getattr(self.view, "input_serializer_classes", {}).get(getattr(self.view, "action", ""))

    def get_response_serializers(self) -> Any:
        """Return the serializer of a row, which the actions of view sets respond with."""
        view: Any = self.view
        return {view.created_status if view.action == "create" else 200: view.serializer_class}

    def get_override_parameters(self) -> list[Any]:
        return [] if self.method == "GET" else list(WRITE_HEADERS)

    def _resolve_path_parameters(self, variables: Any) -> Any:
        """Document ids in paths as the integers that they are in bodies, although routes are regular expressions."""
        parameters = super()._resolve_path_parameters(variables)  # type: ignore[no-untyped-call]
        for parameter in parameters:
            if parameter["schema"].get("pattern") == DIGITS:
                parameter["schema"] = {"type": "integer"}
        return parameters

    def _map_basic_serializer(self, serializer: Any, direction: Any) -> Any:
        """Mark the members of a request body that count as left out if they are null, for `allow_nulls`.

        The docstring of the serializer is left out, because it is for developers.
        """
        schema: dict[str, Any] = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        schema.pop("description", None)
        if isinstance(serializer, InputSerializer) and direction == "request":
            for name, field in serializer.fields.items():
                member = schema.get("properties", {}).get(name)
                if member is not None and not (field.required or field.allow_null):
                    schema["properties"][name] = {**member, NULL_IS_OMITTED: True}
        return schema

    def _get_response_bodies(self, direction: str = "response") -> Any:
        """Return the responses that the view documents, and every error of the dialect in its format."""
        bodies = super()._get_response_bodies(direction)  # type: ignore[arg-type]
        for status, description in self._error_answers().items():
            if status not in bodies:
                bodies[status] = self._get_response_for_code(self.view.error_serializer, status)  # type: ignore[attr-defined,no-untyped-call]
                bodies[status]["description"] = description
        return bodies

    def _error_answers(self) -> dict[str, str]:
        """Return the errors of the dialect, and 429 if the view has a rate limit."""
        answers = dict(getattr(self.view, "error_answers", {}))
        if self._throttles():
            answers["429"] = RATE_LIMITED
        return answers

    def _throttles(self) -> list[type[AddressThrottle]]:
        classes = getattr(self.view, "throttle_classes", ())
        return [item for item in classes if issubclass(item, AddressThrottle)]

    def _get_response_headers_for_code(self, status_code: str, direction: str = "response") -> dict[str, Any]:
        """Return the headers that the view documents, and those that always come with a redirect or a rate limit."""
        headers: dict[str, Any] = super()._get_response_headers_for_code(status_code, direction)
        if status_code in REDIRECTS:
            headers["Location"] = _header("string", "The URL of the redirect.")
        if status_code == "429":
            headers["Retry-After"] = _header("integer", "Seconds until the next request is accepted.")
            for throttle in self._throttles():
                for name, text in throttle.documented_headers.items():
                    headers.setdefault(name, _header("string", text, is_required=False))
        return headers


def _header(kind: str, description: str, *, is_required: bool = True) -> dict[str, Any]:
    return {"schema": {"type": kind}, "description": description, "required": is_required}


def allow_nulls(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add null to the types of the marked members. This runs after the enums have become components of their own."""
    for node in _objects(result):
        if node.get(NULL_IS_OMITTED) is not True:
            continue
        if isinstance(node.get("type"), str):
            node["type"] = [node["type"], "null"]
            if "enum" in node:
                node["enum"] = [*node["enum"], None]
            continue
        value = {name: node.pop(name) for name in COMBINATIONS if name in node}
        if value:
            node["anyOf"] = [value, {"type": "null"}]
    return result


def either_may_be_both(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Replace `oneOf` by `anyOf` where an object can match both: its full form has all fields of the short one."""
    for node in _objects(result):
        refs = node.get("oneOf")
        if isinstance(refs, list) and all("$ref" in ref for ref in refs):
            node["anyOf"] = node.pop("oneOf")
    return result


def document_one_body(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Document one media type of bodies that may be sent in several: JSON, or a multipart form if they have a file.

    The parsers accept the others all the same. Clients of some generators send a body once in each media type that has
    the same schema, all in one request, and cannot send files or nested members then.
    """
    components = result.get("components", {}).get("schemas", {})
    for operation in (operation for path in result["paths"].values() for operation in path.values()):
        content = operation.get("requestBody", {}).get("content", {})
        if content.keys() >= {JSON_TYPE, MULTIPART_TYPE}:
            schema = content[JSON_TYPE]["schema"]
            members = components.get(schema.get("$ref", "").rpartition("/")[2], schema).get("properties", {})
            has_file = any(member.get("format") == "binary" for member in members.values())
            kept = MULTIPART_TYPE if has_file else JSON_TYPE
            operation["requestBody"]["content"] = {kept: content[kept]}
    return result


def _objects(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _objects(child)
