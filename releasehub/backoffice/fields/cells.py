"""Times and sizes as lists and read-only fields of the admin show them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.contrib.humanize.templatetags.humanize import intcomma, naturaltime
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.timezone import localtime

SIZE_NAMES = ("size_bytes", "quota_bytes", "expected_bytes")
EMPTY = "-"


def time_html(value: datetime) -> str:
    """Return a relative time, such as *3 hours ago*, with the exact time as its title."""
    exact = date_format(localtime(value), "DATETIME_FORMAT")
    first, comma, rest = str(naturaltime(value)).replace("\xa0", " ").partition(",")
    text = f"{first} {'ago' if rest.endswith('ago') else 'from now'}" if comma else first
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, text)


def size_html(value: int) -> str:
    """Return a size with a unit, with the number of bytes as its title."""
    return format_html('<span title="{} bytes">{}</span>', intcomma(value), filesizeformat(value))


def cell_of(model: type[models.Model], name: Any, model_admin: Any) -> Any:
    """Return what a list shows for the entry of `list_display`: a readable cell for times and sizes, or the entry."""
    if not isinstance(name, str) or hasattr(model_admin, name):
        return name
    field = _field_of(model, name)
    if isinstance(field, models.DateTimeField):
        return _cell(name, time_html, field.verbose_name, ordering=name)
    if name in SIZE_NAMES:
        label = str(label_for_field(name, model, model_admin)).removesuffix(" (bytes)")
        return _cell(name, size_html, label, ordering=name if field else None)
    return name


def _field_of(model: type[models.Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None


def _cell(name: str, render: Callable[[Any], str], label: Any, *, ordering: str | None) -> Callable[[Any], str]:
    def show(row: Any) -> str:
        value = getattr(row, name)
        return EMPTY if value is None else render(value)

    show.short_description = label  # type: ignore[attr-defined]
    show.admin_order_field = ordering  # type: ignore[attr-defined]
    show.__name__ = name
    return show
