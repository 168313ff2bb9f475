"""Template tags of the admin."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib import admin
from django.db.models import Model

register = template.Library()


@register.simple_tag(takes_context=True)
def closed_reference(context: dict[str, Any], field: Any) -> str:
    """Return the text of a read-only reference to a row that the user may not open, and "" for all other fields.

    Django links every reference to the page of its row, even if the user may not open that page.
    """
    resolved = getattr(field, "resolved_field", None)
    value = resolved[2] if resolved and resolved[0] is not None else None
    if not isinstance(value, Model) or not admin.site.is_registered(type(value)):
        return ""
    model_admin = admin.site.get_model_admin(type(value))
    return "" if model_admin.has_view_or_change_permission(context["request"], value) else str(value)
