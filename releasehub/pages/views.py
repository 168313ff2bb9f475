"""The front page and the pages of categories."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from downloads.models import Category, Download
from downloads.services.first_run import needs_set_up
from releasehub.community.services.watching import watch_of
from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.distribution.annotations import current_version_numbers
from releasehub.pages.category_tiles import CountedTree
from releasehub.pages.contexts import category_of_page, featured_of, popular_of, with_summary
from releasehub.pages.listing import listing_of
from releasehub.pages.parameters import page_of_rows
from releasehub.pages.platforms import ask_for_hints
from releasehub.pages.viewers import viewer_of
from releasehub.search.criteria import Criteria


@require_safe
@cache_for_anonymous()
def front(request: HttpRequest) -> HttpResponseBase:
    """Show the search form, the featured and the most popular downloads, the categories, and what changed last."""
    if query := request.GET.get("q"):  # where the search was before it had a page of its own
        return redirect(f"{reverse('pages:search')}?{urlencode({'q': query})}")
    actor = viewer_of(request)
    downloads = Download.objects.visible_to(actor)
    tree = CountedTree(actor, downloads)
    page = page_of_rows(request, with_summary(downloads), total=tree.download_total)
    context: dict[str, Any] = {"page": page, "is_first": page.number == 1}
    popular: list[Any] = []
    featured: list[Any] = []
    if context["is_first"]:
        featured = list(featured_of(downloads))
        context["categories"] = tree.filled()
        # Up to one page, every download is on the first page anyway.
        popular = list(popular_of(downloads)) if page.has_next() else []
    context["needs_set_up"] = not page.object_list and needs_set_up()
    context |= {"featured": featured, "popular": popular}
    shown = [*page.object_list, *popular, *featured]
    context["current_numbers"] = current_version_numbers({download.pk for download in shown})
    response = render(request, "pages/front.html", context)
    ask_for_hints(response)  # before the visitor opens the page of a download
    return response


@require_safe
@cache_for_anonymous()
def category(request: HttpRequest, slug: str) -> HttpResponseBase:
    """List the downloads of a category and its subcategories."""
    actor = viewer_of(request)
    node = category_of_page(actor, slug)
    tree = CountedTree(actor, Download.objects.visible_to(actor))
    context = {
        "category": node,
        "watch": watch_of(actor, node),
        "path": tree.trail(node)[:-1],
        "categories": tree.children(node),
        "listing": listing_of(request, actor, node.path, Criteria(category=node), tree),
    }
    return render(request, "pages/category.html", context)


@require_safe
def category_by_id(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    node = Category.objects.visible_to(viewer_of(request)).filter(pk=pk).first()
    return redirect("pages:category", slug=node.slug if node else slug)
