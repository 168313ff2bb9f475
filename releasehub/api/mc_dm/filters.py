"""Filters and ordering of the mc-dm lists."""

from datetime import timedelta
from typing import Any

import django_filters
from django.db import models
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from releasehub.api.common.filter_sets import QueryFilterSet
from releasehub.api.mc_dm.fields import read_moment
from releasehub.core.numbers import MAX_ID
from releasehub.webhooks.endpoint_states import in_state
from releasehub.webhooks.models import Endpoint
from versions.models import Version
from versions.platforms import architecture_spellings, platform_spellings

SECOND = timedelta(seconds=1)


class SinceFilter(django_filters.CharFilter):
    """Rows strictly newer than a time, in ISO 8601 or in Unix seconds. A time without a zone is UTC.

    Responses show whole seconds, so these are compared. A client that sends the time of the last row that it has seen
    would otherwise get this row again with every request.
    """

    def filter(self, rows: Any, value: str) -> Any:
        if not value:
            return rows
        try:
            return rows.filter(**{f"{self.field_name}__gte": read_moment(value).replace(microsecond=0) + SECOND})
        except (ValueError, OverflowError) as error:
            raise ValidationError({"since": [str(error)]}) from error


class McDmDownloadFilterSet(QueryFilterSet):
    category_id = django_filters.NumberFilter(field_name="category_id", min_value=0, max_value=MAX_ID)
    prefix_id = django_filters.NumberFilter(method="filter_prefix", min_value=0, max_value=MAX_ID)
    since = SinceFilter(field_name="last_update_at")
    search = django_filters.CharFilter(method="filter_search")
    slug = django_filters.CharFilter(method="filter_slug")

    def filter_prefix(self, rows: Any, name: str, value: int) -> Any:
        """Return the downloads with exactly this prefix; 0 means without one."""
        return rows.filter(prefix_id=value or None)

    def filter_search(self, rows: Any, name: str, value: str) -> Any:
        return rows.search(value)

    def filter_slug(self, rows: Any, name: str, value: str) -> Any:
        return rows.with_slug(value)


class McDmVersionFilterSet(QueryFilterSet):
    since = SinceFilter(field_name="released_at")
    channel = django_filters.CharFilter(field_name="channel")
    version_string = django_filters.CharFilter(field_name="number")
    tag = django_filters.CharFilter(method="filter_tag")
    state = django_filters.ChoiceFilter(field_name="state", choices=Version.State.choices)

    def filter_tag(self, rows: Any, name: str, value: str) -> Any:
        return rows.with_tag(value)


class McDmFileFilterSet(QueryFilterSet):
    platform = django_filters.CharFilter(method="filter_platform")
    architecture = django_filters.CharFilter(method="filter_architecture")

    def filter_platform(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(platform__lower__in=platform_spellings(value))

    def filter_architecture(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(architecture__lower__in=architecture_spellings(value))


class McDmCommentFilterSet(QueryFilterSet):
    since = SinceFilter(field_name="created_at")


class McDmWebhookFilterSet(QueryFilterSet):
    download_id = django_filters.NumberFilter(field_name="download_id", min_value=0, max_value=MAX_ID)
    organization_id = django_filters.NumberFilter(field_name="organization_id", min_value=0, max_value=MAX_ID)
    state = django_filters.ChoiceFilter(method="filter_state", choices=Endpoint.State.choices)
    since = SinceFilter(field_name="created_at")

    def filter_state(self, rows: Any, name: str, value: str) -> Any:
        return in_state(rows, Endpoint.State(value))


def order_rows(rows: models.QuerySet[Any], request: Request, whitelist: dict[str, str]) -> models.QuerySet[Any]:
    """Order rows by the parameters `order` and `direction`.

    An unknown `order` means the first entry of the whitelist, and any `direction` other than `asc` means descending.
    """
    field = whitelist.get(request.query_params.get("order", ""), next(iter(whitelist.values())))
    sign = "" if request.query_params.get("direction", "").lower() == "asc" else "-"
    return rows.order_by(f"{sign}{field}", f"{sign}id")
