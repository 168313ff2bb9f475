"""Template tags of the account pages."""

from typing import Any

from django import template

from releasehub.pages.account import ENTRIES, current_entry

register = template.Library()


@register.inclusion_tag("pages/parts/account_navigation.html", takes_context=True)
def account_navigation(context: dict[str, Any]) -> dict[str, Any]:
    return {"entries": ENTRIES, "current": current_entry(context["request"].path)}
