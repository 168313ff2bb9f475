"""Template tags of the admin."""

from datetime import datetime
from typing import Any

from django import template
from django.contrib import admin
from django.db.models import Model
from django.utils.safestring import SafeString, mark_safe

from releasehub.backoffice.fields.cells import SIZE_NAMES, size_html, time_html

register = template.Library()
LANDMARKS = (
    ('<div id="main" ', '<div id="main" role="main" '),
    ('<nav id="nav-sidebar-inner" ', '<nav id="nav-sidebar-inner" aria-label="Sections" '),
)


@register.simple_tag(takes_context=True)
def readable_value(context: dict[str, Any], field: Any) -> str:
    """Return a read-only value that Django would show in another way, and "" for all other fields.

    A time is relative, with the exact one as its title, and a size has a unit. Django links every reference to the page
    of its row, even if the user may not open that page; such a reference is only its text.
    """
    resolved = getattr(field, "resolved_field", None)
    value = resolved[2] if resolved else None
    if isinstance(value, datetime):
        return time_html(value)
    if isinstance(value, int) and field.field["field"] in SIZE_NAMES:
        return size_html(value)
    value = value if resolved and resolved[0] is not None else None
    if not isinstance(value, Model) or not admin.site.is_registered(type(value)):
        return ""
    model_admin = admin.site.get_model_admin(type(value))
    return "" if model_admin.has_view_or_change_permission(context["request"], value) else str(value)


class LandmarksNode(template.Node):
    """Gives the theme's containers the roles and names that screen readers navigate by."""

    def __init__(self, content: template.NodeList) -> None:
        self.content = content

    def render(self, context: template.Context) -> SafeString:
        text = str(self.content.render(context))
        for found, replacement in LANDMARKS:
            text = text.replace(found, replacement, 1)
        return mark_safe(text)  # noqa: S308 - a rendered template, with constants replaced


@register.tag
def with_landmarks(parser: template.base.Parser, token: template.base.Token) -> LandmarksNode:
    content = parser.parse(("end_with_landmarks",))
    parser.delete_first_token()
    return LandmarksNode(content)
