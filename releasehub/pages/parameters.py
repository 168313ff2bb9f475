"""Texts, cooldowns and pages of long lists that the query string of a page selects."""

from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest

from releasehub.core.pagination import BoundedPaginator
from versions.cooldown import Cooldown

MAX_PARAMETER_CHARACTERS = 256
NO = frozenset({"0", "false", "no", "off"})


def parameter_of(request: HttpRequest, name: str) -> str:
    return request.GET.get(name, "").replace("\0", "").strip()[:MAX_PARAMETER_CHARACTERS]


def cooldown_of(request: HttpRequest) -> Cooldown | None:
    """Return the cooldown that the client asks for with `min_age`; `security=0` lets security releases wait as well."""
    exempts_security = request.GET.get("security", "").strip().lower() not in NO
    return Cooldown.parse(request.GET.get("min_age", ""), exempts_security=exempts_security)


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
