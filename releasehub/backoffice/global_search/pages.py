"""The page of the search over everything."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.text import capfirst
from django.views.decorators.http import require_safe

from releasehub.backoffice.global_search.kinds import KINDS, MAX_RESULTS, MAX_TEXT_CHARACTERS, FoundKind
from releasehub.core.clean import strip_controls


@dataclass(frozen=True)
class Found:
    """The results of one kind: pairs of a text and a URL. `has_more` says that there are others."""

    title: str
    rows: list[tuple[str, str]]
    has_more: bool


@require_safe
def find_view(request: HttpRequest) -> HttpResponse:
    """Show the rows that match the text, by kind. The number of queries does not depend on the number of rows."""
    text = strip_controls(request.GET.get("q", "")).strip()[:MAX_TEXT_CHARACTERS]
    results = [found for kind in KINDS if (found := find(request, kind, text))] if text else []
    context = {**admin.site.each_context(request), "title": "Search", "text": text, "results": results}
    return TemplateResponse(request, "admin/releasehub/find.html", context)


def find(request: HttpRequest, kind: FoundKind, text: str) -> Found | None:
    model_admin: Any = admin.site.get_model_admin(kind.model)
    if not model_admin.has_view_or_change_permission(request):
        return None
    narrowed = kind.narrow(model_admin.get_queryset(request), text)
    if narrowed is None:
        return None
    if related := model_admin.list_select_related:
        narrowed = narrowed.select_related(*related)
    rows = list(narrowed.order_by("-pk")[: MAX_RESULTS + 1])
    name = f"admin:{kind.model._meta.app_label}_{kind.model._meta.model_name}_change"
    shown = [(str(row), reverse(name, args=[row.pk])) for row in rows[:MAX_RESULTS]]
    title = capfirst(str(kind.model._meta.verbose_name_plural))
    return Found(title, shown, len(rows) > MAX_RESULTS) if rows else None
