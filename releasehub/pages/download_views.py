"""The pages of a download and of a version, and the links that lead there."""

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from downloads.models import Download
from files.pictures.paths import screenshots_of
from releasehub.community.services.watching import watch_of
from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.distribution.history import recent_versions
from releasehub.distribution.latest import twin_for
from releasehub.distribution.page_views import record_page_view
from releasehub.distribution.permalinks import find_download, find_version
from releasehub.distribution.presented_keys import needed_key
from releasehub.pages.community_lists import opinions_about
from releasehub.pages.contexts import about, download_of_page, not_included
from releasehub.pages.permalinks import place_of
from releasehub.pages.platforms import ask_for_hints, vary_on_system
from releasehub.pages.releases import (
    older_version_for,
    other_versions,
    paged,
    release_context,
    shortened,
    version_for_visitors,
)
from releasehub.pages.secret_urls import keep_secret
from releasehub.pages.system_choice import remember_system, system_of
from releasehub.pages.viewers import follow_share_link, viewer_of


@require_safe
@cache_for_anonymous(vary_on=system_of)
def download(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Show the latest version with its files, then the newest versions, the reviews and the comments."""
    actor = viewer_of(request)
    download = download_of_page(actor, slug, pk)
    offered, prerelease = version_for_visitors(download, needed_key(actor, download))
    offered = twin_for(offered, system_of(request).platform)
    recent = recent_versions(actor, download)
    context = about(request, download)
    context |= release_context(request, offered, key_in_links=bool(context["shared_key"]))
    context |= shortened(context)
    context |= opinions_about(request, download)
    context |= {
        "prerelease": prerelease,
        "older": older_version_for(request, context, download),
        "screenshots": screenshots_of(download),
        "not_included": not_included(actor, download, recent),
        "watch": watch_of(actor, download),
        "recent": recent,
        "tab": "overview",
    }
    if not context["is_insider"]:
        record_page_view(request, download)
    response = render(request, "pages/download.html", context)
    return for_system(request, response)


@require_safe
def download_by_slug(request: HttpRequest, slug: str) -> HttpResponseBase:
    return redirect(find_download(viewer_of(request), slug).path)


@require_safe
@cache_for_anonymous(vary_on=system_of)
def version(request: HttpRequest, slug: str, pk: int, number: str) -> HttpResponseBase:
    actor = viewer_of(request)
    parent = download_of_page(actor, slug, pk)
    version = find_version(actor, parent, number, **place_of(request))
    context = about(request, parent, version)
    context |= release_context(request, version, key_in_links=bool(context["shared_key"]))
    context |= paged(request, context)
    context |= other_versions(request, version)
    context["not_included"] = not_included(actor, parent, [version])
    response = render(request, "pages/version.html", context)
    return for_system(request, response)


def for_system(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Return the response with the headers and the cookie of a page that depends on the system of the visitor."""
    ask_for_hints(response)
    vary_on_system(response)
    remember_system(request, response)
    return response


@require_safe
def share(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Follow a share link. The visitor can see the download until the session or the access key expires."""
    key = follow_share_link(request, secret)
    shared = find_download(viewer_of(request), Download.all_objects.get(pk=key.download_id).slug)
    return keep_secret(redirect(shared.path))
