"""View sets of model rows, in the shape of REST framework's generic views.

Two things differ from REST framework. A list and a single row use different querysets: asking the policy about one row
is cheaper than the set form of the same rule. And serializers receive their related rows in bulk, through
`get_related_context`, so that the number of queries does not depend on the number of rows.
"""

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.db import models
from django.http import Http404
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from releasehub.api.common.viewsets import HubViewSet
from releasehub.core.locks import lock_row
from releasehub.core.policy import Policy
from releasehub.core.querysets import only_row


class HubModelViewSet(HubViewSet):
    """Lookup, filtering and serialization of rows. Add the mixins below for the actions of a view set.

    A dialect implements `order_queryset` and `get_representation`.
    """

    policy: ClassVar[Policy[Any]]
    filterset_class: ClassVar[type[django_filters.FilterSet] | None] = None

    def get_queryset(self) -> models.QuerySet[Any]:
        """Return the rows that the caller may see in a list."""
        raise NotImplementedError

    def get_object_queryset(self) -> models.QuerySet[Any]:
        """Return the rows among which `get_object` looks; the policy decides which of them the caller may see."""
        return super().get_queryset()

    def with_relations(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Add the relations and annotations that the serializer reads from a row."""
        return queryset

    def filter_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        filters, query = self.filterset_class, self.request.query_params
        # Even a filter set without filters takes longer than the query of a page, so a request without any skips it.
        if filters is None or filters.base_filters.keys().isdisjoint(query):
            return queryset
        return filters(query, queryset=queryset, request=self.request).qs

    def order_queryset(self, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """Order the rows as the query string asks, with the id as the last criterion."""
        raise NotImplementedError

    def get_stored_total(self, queryset: models.QuerySet[Any]) -> int | None:
        """Return the length of the list if it is stored somewhere, or None if the paginator has to count."""
        return None

    def get_lookup(self) -> dict[str, Any] | None:
        """Return the filter for the row that the URL names, or None if the URL cannot name any row."""
        return {self.lookup_field: self.kwargs[self.lookup_url_kwarg or self.lookup_field]}

    def get_object(self) -> Any:
        lookup = self.get_lookup()
        instance = None if lookup is None else only_row(self.get_object_queryset().filter(**lookup))
        if instance is None or not self.policy.can_view(self.actor, instance):
            raise Http404
        return instance

    def lock_object(self, instance: Any) -> models.Model:
        """Lock the row for a change with `If-Match`, and return it as it is stored."""
        return lock_row(instance)

    def get_serializer(self, *args: Any, **kwargs: Any) -> BaseSerializer[Any]:
        """Return the serializer of the response, with the related rows of all its instances loaded."""
        instances = args[0] if kwargs.get("many") else args[:1]
        kwargs["context"] = self.get_serializer_context() | self.get_related_context(instances)
        return self.get_serializer_class()(*args, **kwargs)

    def get_list_data(self, instances: Sequence[Any]) -> list[Any]:
        """Return the data of all the rows from one serializer. REST framework makes two for `many=True`."""
        context = self.get_serializer_context() | self.get_related_context(instances)
        serializer = self.get_serializer_class()(context=context)
        return [serializer.to_representation(instance) for instance in instances]

    def get_related_context(self, instances: Sequence[Any]) -> dict[str, Any]:
        """Load what the serializer needs in addition to the rows, for all rows at once."""
        return {}

    def get_representation(self, data: Any) -> Any:
        """Return the response body around the data of one row."""
        raise NotImplementedError

    def get_object_response(self, instance: models.Model, *, status: int = 200) -> Response:
        """Return the response that shows one row as it is in memory, with its ETag."""
        data = self.get_serializer(instance).data
        return self.get_tagged_response(instance, self.get_representation(data), status=status)

    def reload(self, instance: models.Model) -> Any:
        """Read a row again after a service has changed it, so that the response shows what is stored."""
        return self.with_relations(type(instance)._base_manager.filter(pk=instance.pk)).get()
