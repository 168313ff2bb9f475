"""The search page, and the pages that list the downloads of an author, an organization or a tag, and all categories."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django_htmx.middleware import HtmxDetails

from downloads.models import Download
from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.core.errors import NotFound
from releasehub.distribution.authors import find_author, find_organization
from releasehub.pages.category_tiles import CountedTree
from releasehub.pages.listing import listing_of
from releasehub.pages.paths import author_path, organization_path, tag_path
from releasehub.pages.viewers import viewer_of
from releasehub.search.criteria import Criteria
from releasehub.search.facets import fold_value
from releasehub.search.models import Facet


def is_partial(request: HttpRequest) -> bool:
    """Return whether a script of the search page asks for the results only."""
    return bool(HtmxDetails(request))


@require_safe
@cache_for_anonymous(vary_on=is_partial)
def search(request: HttpRequest) -> HttpResponseBase:
    """Show the results of a search, or all downloads. The script of the page replaces the results while typing."""
    listing = listing_of(request, viewer_of(request), reverse("pages:search"))
    template = "pages/parts/found.html" if is_partial(request) else "pages/search.html"
    response = render(request, template, {"listing": listing, "is_partial": is_partial(request)})
    patch_vary_headers(response, ["HX-Request"])
    return response


@require_safe
@cache_for_anonymous()
def author(request: HttpRequest, username: str) -> HttpResponseBase:
    actor = viewer_of(request)
    user = find_author(actor, username)
    context = {"kind": _("Author"), "title": user.get_username(), "person": user, "feed": f"{author_path(user)}feed"}
    return list_page(request, author_path(user), Criteria(owner=user), context)


@require_safe
@cache_for_anonymous()
def organization(request: HttpRequest, slug: str) -> HttpResponseBase:
    owner = find_organization(viewer_of(request), slug)
    path = organization_path(owner)
    context = {"kind": _("Organization"), "title": owner.name, "seed": owner.pk, "feed": f"{path}feed"}
    return list_page(request, path, Criteria(organization=owner), context)


@require_safe
@cache_for_anonymous()
def tag(request: HttpRequest, tag: str) -> HttpResponseBase:
    """List the downloads with a tag. All spellings of a tag lead to the same page."""
    value = fold_value(Facet.Kind.TAG, tag)
    path = tag_path(value)
    if not value:
        raise NotFound
    if value != tag:
        return redirect(path)
    context = {"kind": _("Tag"), "title": value, "feed": f"{path}feed"}
    return list_page(request, path, Criteria(facets={Facet.Kind.TAG.value: value}), context)


@require_safe
@cache_for_anonymous()
def categories(request: HttpRequest) -> HttpResponseBase:
    """Show the topmost categories with those directly below them. Deeper ones are on the page of their parent."""
    actor = viewer_of(request)
    tree = CountedTree(actor, Download.objects.visible_to(actor))
    branches = [(node, tree.children(node)) for node in tree.children()]
    return render(request, "pages/categories.html", {"branches": branches})


def list_page(request: HttpRequest, path: str, fixed: Criteria, context: dict[str, Any]) -> HttpResponse:
    listing = listing_of(request, viewer_of(request), path, fixed)
    return render(request, "pages/list.html", {**context, "listing": listing})
