"""Lists, whatever their wire looks like: visible rows, filtered, decorated, shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django.db import models

from releasehub.api.common.viewsets import HubViewSet


class ListingViewSet(HubViewSet):
    """A dialect adds order, pagination and the form of the answer."""

    filterset_class: ClassVar[type[django_filters.FilterSet] | None] = None

    def rows(self) -> models.QuerySet[Any]:
        """What the caller may see in this list."""
        raise NotImplementedError

    def filtered_rows(self) -> models.QuerySet[Any]:
        """Those that suit the query; without a filter in it none is built, which costs more than the query."""
        rows, filters, query = self.rows(), self.filterset_class, self.request.query_params
        if filters is None or filters.base_filters.keys().isdisjoint(query):
            return rows
        found: models.QuerySet[Any] = filters(query, queryset=rows, request=self.request).qs
        return found

    def decorated(self, rows: models.QuerySet[Any]) -> models.QuerySet[Any]:
        """With the relations and annotations that showing needs."""
        return rows

    def get_stored_total(self, rows: models.QuerySet[Any]) -> int | None:
        """The length of the list when it is stored; None to count."""
        return None

    def shown(self, objects: Sequence[Any]) -> Sequence[dict[str, Any]]:
        """The objects as dicts, in a number of queries that does not depend on how many they are."""
        raise NotImplementedError
