"""Pages of long lists."""

from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest

from releasehub.core.pagination import BoundedPaginator

PER_PAGE = 20


def page_of_rows(
    request: HttpRequest, rows: Any, *, total: int | None = None, parameter: str = "page", per_page: int | None = None
) -> Page[Any]:
    """Return the page of the rows that `parameter` of the query string selects.

    A page number past the end selects the last page, an invalid one the first page. Pass `total` if the number of rows
    is already known, which saves a query. Otherwise, the list ends after 10,000 rows.
    """
    pages = BoundedPaginator(rows, per_page or PER_PAGE)
    if total is not None:
        pages.count = total
    return pages.get_page(request.GET.get(parameter))
