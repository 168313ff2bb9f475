"""Filters and sorting of the v3 lists."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any, ClassVar

import django_filters
from django.db import models
from django.db.models import F, Q
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from releasehub.api.common.fields import parse_moment
from releasehub.api.common.filter_sets import QueryFilterSet
from releasehub.api.v3.webhook_terms import EVENTS, TEST, to_type
from releasehub.webhooks.models import Delivery
from versions.facts import RELEASED
from versions.models import Version
from versions.platforms import platform_spellings

OPERATORS = {"": "exact", "[gt]": "gt", "[gte]": "gte", "[lt]": "lt", "[lte]": "lte"}
MAX_WORDS = 8
TRUTHS = {"true": True, "1": True, "false": False, "0": False}


class MomentFilter(django_filters.CharFilter):
    def __init__(self, *, parameter: str, **options: Any) -> None:
        super().__init__(**options)
        self.parameter = parameter

    def filter(self, rows: Any, value: str) -> Any:
        if not value:
            return rows
        try:
            return rows.filter(**{f"{self.field_name}__{self.lookup_expr}": parse_moment(value)})
        except ValueError as error:
            raise ValidationError({self.parameter: [str(error)]}) from error


class TruthFilter(django_filters.TypedChoiceFilter):
    """A filter with the values `true` and `false`; `condition` tells for which rows it is true."""

    def __init__(self, condition: Q) -> None:
        choices = [(word, word) for text in TRUTHS for word in dict.fromkeys((text, text.capitalize()))]
        super().__init__(choices=choices, coerce=lambda text: TRUTHS.get(text.lower()), empty_value=None)
        self.condition = condition

    def filter(self, rows: Any, value: bool | None) -> Any:
        return rows if value is None else rows.filter(self.condition if value else ~self.condition)


class V3FilterSet(QueryFilterSet):
    """The filters of all lists.

    `moments` maps the names of times on the wire to model fields; each of them can be compared with five operators.
    """

    moments: ClassVar[Mapping[str, str]] = {"createdAt": "created_at", "updatedAt": "updated_at"}
    search = django_filters.CharFilter(
        method="filter_search", help_text="Words that must all occur in the texts of an object."
    )
    query = django_filters.CharFilter(method="filter_search", help_text="Another name of `search`.")

    @classmethod
    def get_filters(cls) -> Any:
        filters = super().get_filters()
        for name, field in cls.moments.items():
            for operator, lookup in OPERATORS.items():
                parameter = f"{name}{operator}"
                filters[parameter] = MomentFilter(parameter=parameter, field_name=field, lookup_expr=lookup)
        return filters

    def filter_search(self, rows: Any, name: str, value: str) -> Any:
        return rows.search(value)


class V3ReleaseFilterSet(V3FilterSet):
    moments = {**V3FilterSet.moments, "publishedAt": "published_at"}
    name = django_filters.CharFilter(field_name="title")
    version = django_filters.CharFilter(field_name="number")
    channel = django_filters.CharFilter(method="filter_lower_case")
    platform = django_filters.CharFilter(method="filter_platform")
    published = TruthFilter(Q(state__in=RELEASED))
    private = TruthFilter(~Q(visibility=Version.Visibility.LISTED))
    archived = TruthFilter(Q(state=Version.State.ARCHIVED))

    def filter_lower_case(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(**{name: value.lower()})

    def filter_platform(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(reduce(or_, (Q(platform_keys__holds=spelling) for spelling in platform_spellings(value))))


class V3ReleaseFileFilterSet(V3FilterSet):
    name = django_filters.CharFilter(field_name="filename")
    published = TruthFilter(Q(version__state__in=RELEASED))


class V3LabelFilterSet(V3FilterSet):
    name = django_filters.CharFilter(field_name="name", lookup_expr="iexact")


class V3ProductFilterSet(V3FilterSet):
    name = django_filters.CharFilter(field_name="title")


class V3WebhookFilterSet(V3FilterSet):
    name = django_filters.CharFilter(field_name="title")
    active = TruthFilter(Q(is_active=True, disabled_at=None, paused_at=None))

    def filter_search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:MAX_WORDS]:
            rows = rows.filter(Q(title__icontains=word) | Q(description__icontains=word) | Q(url__icontains=word))
        return rows


class V3WebhookEventLogFilterSet(V3FilterSet):
    moments = {"createdAt": "created_at"}
    search = query = None  # a full-text search of request bodies would be too slow
    webhookId = django_filters.CharFilter(
        field_name="endpoint__public_id", help_text="Only deliveries of this webhook."
    )
    event = django_filters.ChoiceFilter(
        choices=[(name, name) for name in (*EVENTS, TEST)],
        method="filter_event",
        help_text=f"{', '.join((*EVENTS, TEST))}.",
    )
    state = django_filters.ChoiceFilter(
        choices=Delivery.State.choices, help_text=f"{', '.join(Delivery.State.values)}."
    )

    def filter_event(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(event__type=to_type(value))


def order_rows(
    rows: models.QuerySet[Any], request: Request, whitelist: Mapping[str, str], default: tuple[str, ...]
) -> models.QuerySet[Any]:
    """Order rows by the parameter `sort`, or by the default if there is none.

    `-field` is descending; `+field` (whose plus arrives as a space) and `field` are ascending; commas separate several
    fields. Rows without a value come last, and the id decides between equal rows, so that pages do not overlap.

    Raises:
        ValidationError: `sort` names an unknown field.
    """
    sort_terms = [part.strip() for part in request.query_params.get("sort", "").split(",") if part.strip()]
    if not sort_terms:
        return rows.order_by(*default)
    required = {column.name for column in rows.model._meta.concrete_fields if not column.null}
    terms: list[Any] = []
    for part in sort_terms:
        field = whitelist.get(part.lstrip("+-"))
        if field is None:
            raise ValidationError({"sort": [f"sort must be one of {', '.join(whitelist)}."]})
        # NULLS LAST keeps PostgreSQL from using an index, so only columns that can be empty get it.
        nulls_last = None if field in required else True
        is_descending = part.startswith("-")
        terms.append(F(field).desc(nulls_last=nulls_last) if is_descending else F(field).asc(nulls_last=nulls_last))
    return rows.order_by(*terms, "-id" if sort_terms[-1].startswith("-") else "id")
