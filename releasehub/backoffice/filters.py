"""Filters for the lists of the admin."""

from collections.abc import Sequence
from typing import Any

from django.contrib.admin import AllValuesFieldListFilter, SimpleListFilter
from django.http import HttpRequest

from downloads.models import AccessKey
from releasehub.core.querysets import first_of_each_value
from versions.channels import ORDER
from versions.platforms import PLATFORM_NAMES

MAX_VALUES = 50


class IndexedValuesFilter(AllValuesFieldListFilter):
    """A filter that offers the values of a column that an index begins with, without reading every row."""

    def __init__(self, field: Any, request: Any, params: Any, model: Any, model_admin: Any, field_path: str) -> None:
        super().__init__(field, request, params, model, model_admin, field_path)
        rows = model._default_manager.order_by(field_path).values(field_path)
        self.lookup_choices: Any = [row[field_path] for row in first_of_each_value(rows, field_path, MAX_VALUES)]


class ChoicesFilter(SimpleListFilter):
    offered: Sequence[tuple[str, Any]]

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return self.offered


def is_list(request: HttpRequest) -> bool:
    """Return whether the request is for the list, and not for the page of a row that the list hides by default."""
    match = request.resolver_match
    return match is None or str(match.url_name).endswith("_changelist")


class DeletedFilter(ChoicesFilter):
    """A filter for deleted rows, which are hidden by default."""

    title = "deleted"
    parameter_name = "deleted"
    offered = [("yes", "Soft-deleted"), ("all", "Both")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not is_list(request):
            return queryset
        if self.value() == "yes":
            return queryset.deleted()
        return queryset if self.value() == "all" else queryset.alive()


class HeldFilter(ChoicesFilter):
    """A filter for downloads under a legal hold. The lists of deleted rows contain them, too."""

    title = "legal hold"
    parameter_name = "held"
    offered = [("yes", "Under a legal hold")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(legal_hold__isnull=False) if self.value() else queryset


class ReportStateFilter(ChoicesFilter):
    """A filter by the state of a report. Closed reports are hidden by default."""

    title = "state"
    parameter_name = "state"
    offered = [("resolved", "Resolved"), ("dismissed", "Dismissed"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not is_list(request):
            return queryset
        if self.value() in {"resolved", "dismissed"}:
            return queryset.filter(state=self.value())
        return queryset if self.value() == "all" else queryset.open()


class YankedFilter(ChoicesFilter):
    title = "yanked"
    parameter_name = "yanked"
    offered = [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(yanked_at__isnull=self.value() == "no") if self.value() else queryset


class AccessKeyStateFilter(ChoicesFilter):
    title = "state"
    parameter_name = "state"
    offered = AccessKey.State.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.in_state(self.value()) if self.value() in AccessKey.State.values else queryset


class ChannelFilter(ChoicesFilter):
    """A filter by channel. It offers all known channels, because a query for those in use would read every row."""

    title = "channel"
    parameter_name = "channel"
    offered = [(name, name) for name in ORDER] + [("other", "another")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        return queryset.exclude(channel__in=ORDER) if self.value() == "other" else queryset.filter(channel=self.value())


class PlatformFilter(ChoicesFilter):
    """A filter by platform, with all known ones, as the filter by channel."""

    title = "platform"
    parameter_name = "platform"
    offered = [*PLATFORM_NAMES.items(), ("other", "another")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if not self.value():
            return queryset
        if self.value() == "other":
            return queryset.exclude(platform__in=["", *PLATFORM_NAMES])
        return queryset.filter(platform=self.value())
