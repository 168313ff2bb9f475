"""Validated input of a request: the fields of its body, and the parameters of its query string."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

from django.utils.datastructures import MultiValueDict
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from releasehub.api.common.serializers import InputSerializer

LIST_NAME = re.compile(r"(\w+)\[\d*\]", re.ASCII)


class InputMixin(GenericViewSet[Any]):
    """The input of a view set.

    Attributes:
        input_serializer_classes: Maps an action to the serializer of its request body.
        query_fills_body: Whether fields missing in the body of a write are taken from the query string.
    """

    input_serializer_classes: ClassVar[Mapping[str, type[InputSerializer]]] = {}
    query_fills_body: ClassVar[bool] = False

    def get_input_serializer(self, instance: Any = None) -> InputSerializer:
        """Return the serializer of the request body, already validated.

        Args:
            instance: The row that the request changes, for serializers whose checks depend on it.
        """
        serializer_class = self.input_serializer_classes[self.action]
        context = self.get_serializer_context()
        serializer = serializer_class(instance, data=self.get_request_data(), context=context)
        serializer.is_valid(raise_exception=True)
        return serializer

    def get_validated_data(self) -> dict[str, Any]:
        return dict(self.get_input_serializer().validated_data)

    def get_validated_query(self, serializer_class: type[BaseSerializer[Any]]) -> dict[str, Any]:
        serializer = serializer_class(
            data=with_plain_names(self.request.query_params), context=self.get_serializer_context()
        )
        serializer.is_valid(raise_exception=True)
        return dict(serializer.validated_data)

    def get_request_data(self) -> Any:
        """Return the fields of a write: those of the body, and of the query string where the dialect allows it."""
        body: Any = with_plain_names(self.request.data)
        if not self.query_fills_body:
            return body
        query = with_plain_names(self.request.query_params)
        if hasattr(body, "lists"):
            return MultiValueDict(dict(query.lists()) | dict(body.lists()))
        # A member that is null counts as left out, so the query string may fill it too.
        return body | {name: query[name] for name in query if body.get(name) is None}


def with_plain_names(fields: Any) -> Any:
    """Return the fields of a form or a query with `name[]` and `name[0]` as `name`: PHP and axios write these."""
    if not hasattr(fields, "lists") or not any(LIST_NAME.fullmatch(name) for name in fields):
        return fields
    plain: MultiValueDict[str, Any] = MultiValueDict()
    for name, values in fields.lists():
        found = LIST_NAME.fullmatch(name)
        plain.setlistdefault(found[1] if found else name).extend(values)
    return plain
