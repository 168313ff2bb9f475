"""Pages by `page` and `per_page` as bare arrays; the neighboring pages are in the header `Link`."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from rest_framework.request import Request

from releasehub.api.common.paging import MAX_PAGE, LinkHeaderPagination, clamp, window
from releasehub.core.pagination import count_bounded

DEFAULT_PER_PAGE = 30
MAX_PER_PAGE = 100


class GitHubPagination(LinkHeaderPagination):
    """A page whose parameters are clamped. The view may know the total without counting: `get_stored_total`.

    Otherwise, the list ends after 10,000 rows, as on GitHub.
    """

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> list[Any]:
        total = view.get_stored_total(queryset)
        total = count_bounded(queryset) if total is None else total
        return self.read_page(request, view, total, partial(window, queryset))

    def read_page(
        self, request: Request, view: Any, total: int, read: Callable[[int, int], Iterable[Any]]
    ) -> list[Any]:
        """Return the rows of the requested page. `read` returns a number of rows from a start on."""
        self.request, self.base_url = request, view.base_url
        self.page = clamp(request.query_params.get("page"), default=1, maximum=MAX_PAGE)
        self.per_page = clamp(request.query_params.get("per_page"), default=DEFAULT_PER_PAGE, maximum=MAX_PER_PAGE)
        self.last = max(1, -(-total // self.per_page))
        start = (self.page - 1) * self.per_page
        return [] if start >= total else list(read(start, self.per_page))

    def get_links(self) -> list[tuple[str, int, bool]]:
        previous = min(self.page - 1, self.last)
        return [
            ("prev", previous, self.page > 1),
            ("next", self.page + 1, self.page < self.last),
            ("last", self.last, self.page < self.last),
            ("first", 1, self.page > 1),
        ]
