"""The base class of the filter sets of all dialects."""

from collections.abc import Mapping
from typing import Any

import django_filters
from rest_framework.exceptions import ValidationError


class QueryFilterSet(django_filters.FilterSet):
    """A filter set that rejects an invalid value, with the name of the parameter, instead of ignoring it.

    It builds only the filters that the query string names, because building a filter and its form field takes longer
    than most of the rest of a request.
    """

    base_filters: Mapping[str, django_filters.Filter]

    def __init__(self, data: Mapping[str, Any], **options: Any) -> None:
        self.base_filters = {name: found for name, found in type(self).base_filters.items() if name in data}
        super().__init__(data, **options)

    def filter_queryset(self, queryset: Any) -> Any:
        if not self.form.is_valid():
            raise ValidationError(dict(self.form.errors))
        return super().filter_queryset(queryset)
