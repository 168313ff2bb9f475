"""The search field of the lists of the admin."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from unfold.admin import ModelAdmin

MAX_SEARCHED_ROWS = 250_000


class BoundedSearchMixin(ModelAdmin):
    """Searches the newest rows only, because no index answers which rows contain a text.

    With five million versions, a search of all rows kept the database busy for eleven seconds.
    """

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[Any, bool]:
        """Return the matches among the newest rows of the list; its filters apply before they are counted."""
        if search_term.strip():
            newest = queryset.order_by("-pk").values_list("pk", flat=True)
            oldest = newest[MAX_SEARCHED_ROWS - 1 :].first()
            if oldest is not None:
                queryset = queryset.filter(pk__gte=oldest)
                self._tell_the_limit(request)
        return super().get_search_results(request, queryset, search_term)

    def _tell_the_limit(self, request: HttpRequest) -> None:
        """Say so on the list itself. Choices in forms and the search of the whole admin have no place for it."""
        match = request.resolver_match
        if match and str(match.url_name).endswith("_changelist"):
            text = f"Only the newest {MAX_SEARCHED_ROWS:,} rows were searched. Filter the list to search older rows."
            messages.info(request, text)
