"""A page with every component of the design system, for people who change the style sheet."""

import re

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from releasehub.pages.templatetags.pages import AVATAR_HUES

ICONS = settings.BASE_DIR / "releasehub" / "static" / "releasehub" / "icons.svg"
TOKENS = (
    "page",
    "panel",
    "raised",
    "line",
    "control",
    "text",
    "soft",
    "accent",
    "tint",
    "warn-bg",
    "bad-bg",
    "good-bg",
)


@require_safe
def style_guide(request: HttpRequest) -> HttpResponse:
    """Show the components. The page only exists if DEBUG is set."""
    if not settings.DEBUG:
        raise Http404
    context = {"icons": icon_names(), "hues": range(AVATAR_HUES), "tokens": TOKENS}
    return render(request, "pages/style_guide.html", context)


def icon_names() -> list[str]:
    return re.findall(r'<symbol id="([a-z]+)"', ICONS.read_text(encoding="utf-8"))
