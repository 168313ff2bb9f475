"""The actions of view sets of model rows, like REST framework's mixins."""

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from releasehub.api.common.model_viewsets import HubModelViewSet
from releasehub.api.common.serializers import InputSerializer


class ListModelMixin(HubModelViewSet):
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        queryset = self.with_relations(self.filter_queryset(self.get_queryset()))
        page = self.paginate_queryset(self.order_queryset(queryset)) or []
        return self.get_paginated_response(self.get_list_data(page))


class RetrieveModelMixin(HubModelViewSet):
    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.get_object_response(self.get_object())


class CreateModelMixin(HubModelViewSet):
    created_status: ClassVar[int] = 201

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        serializer = self.get_input_serializer()
        self.perform_create(serializer)
        return self.get_object_response(self.reload(serializer.instance), status=self.created_status)

    def perform_create(self, serializer: InputSerializer) -> None:
        """Call the service with the validated data, and set `serializer.instance` to the new row."""
        raise NotImplementedError


class ChangeModelMixin(HubModelViewSet):
    """The common half of `update` and `partial_update`; a field that a request leaves out stays as it is."""

    def change(self) -> Response:
        serializer = self.get_input_serializer(self.get_object())
        instance = serializer.instance
        self.check_if_match(lambda: self.lock_object(instance))
        self.perform_update(serializer)
        return self.get_object_response(self.reload(serializer.instance))

    def perform_update(self, serializer: InputSerializer) -> None:
        """Call the service with `serializer.instance` and the validated data, and set the instance to the result."""
        raise NotImplementedError


class UpdateModelMixin(ChangeModelMixin):
    """Changes with PUT, which leave fields out like those with PATCH."""

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.change()


class PartialUpdateModelMixin(ChangeModelMixin):
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return self.change()


class DestroyModelMixin(HubModelViewSet):
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        instance = self.get_object()
        self.check_if_match(lambda: self.lock_object(instance))
        self.perform_destroy(instance)
        return self.get_destroyed_response()

    def perform_destroy(self, instance: Any) -> None:
        """Call the service that deletes the row."""
        raise NotImplementedError

    def get_destroyed_response(self) -> Response:
        return Response(status=204)
