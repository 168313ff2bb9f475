"""The public pages of downloads."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.templatetags.static import static
from django.urls import reverse
from django.views.decorators.http import require_safe

from downloads.models import Category, Download
from downloads.policies import category_policy, download_policy
from downloads.querysets import DownloadQuerySet
from files.models import File
from files.primary import preference
from files.uploads.verification import versions_being_verified
from releasehub.community.services.watching import watch_of
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.core.errors import Moved, NotFound
from releasehub.distribution.access_keys import needed_key, presented_key
from releasehub.distribution.gate import barrier_of
from releasehub.distribution.latest import latest_version, with_current_version
from releasehub.distribution.permalinks import best_file, find_download, find_version
from releasehub.pages.community_lists import opinions_about
from releasehub.pages.errors import answers_errors
from releasehub.pages.paging import page_of_rows
from releasehub.pages.platforms import visitor_system
from releasehub.pages.viewers import follow_share_link, viewer_of
from releasehub.search.queries import search_downloads
from versions.models import Version
from versions.querysets import listed_total


def system_of(request: HttpRequest) -> tuple[str, str]:
    return visitor_system(request.headers.get("User-Agent", ""))


@require_safe
@cache_for_anonymous()
def front(request: HttpRequest) -> HttpResponse:
    """Show the search form, the categories, and the downloads that changed last."""
    actor = viewer_of(request)
    query = request.GET.get("q", "").replace("\0", "").strip()[:200]
    if query:
        return render(request, "pages/front.html", search_context(request, actor, query))
    downloads = Download.objects.visible_to(actor)
    page = page_of_rows(request, with_summary(downloads))
    roots = Category.objects.visible_to(actor).filter(parent=None)
    context = {
        "page": page,
        "current": current_versions(page.object_list),
        "categories": roots.with_download_count(downloads).order_by("display_order", "title"),
    }
    return render(request, "pages/front.html", context)


def search_context(request: HttpRequest, actor: Actor, query: str) -> dict[str, Any]:
    """Return the template context of a search: the page of results, the best match first."""
    result = search_downloads(actor, query)
    page = page_of_rows(request, result.download_ids)
    found = with_summary(Download.objects.filter(pk__in=page.object_list)).in_bulk()
    page.object_list = [found[pk] for pk in page.object_list if pk in found]
    return {
        "query": query,
        "corrected": result.corrected_text,
        "page": page,
        "current": current_versions(page.object_list),
    }


@require_safe
@cache_for_anonymous()
@answers_errors
def category(request: HttpRequest, slug: str) -> HttpResponseBase:
    """List the downloads of a category and its subcategories."""
    actor = viewer_of(request)
    node = category_of_page(actor, slug)
    downloads = Download.objects.visible_to(actor)
    below = [child.pk for child in node.subtree()]
    page = page_of_rows(request, with_summary(downloads.filter(category__in=below)))
    children = Category.objects.visible_to(actor).filter(parent=node)
    context = {
        "category": node,
        "is_watching": watch_of(actor, node) is not None,
        "path": node.trail()[:-1],
        "categories": children.with_download_count(downloads).order_by("display_order", "title"),
        "page": page,
        "current": current_versions(page.object_list),
    }
    return render(request, "pages/category.html", context)


@require_safe
def category_by_id(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    node = Category.objects.filter(pk=pk).first()
    return redirect("pages:category", slug=node.slug if node else slug)


@require_safe
@cache_for_anonymous(vary_on=system_of)
@answers_errors
def download(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Show the latest version with its files, then the version history, the reviews and the comments."""
    actor = viewer_of(request)
    download = download_of_page(actor, slug, pk)
    newest = latest_version(download, key=needed_key(actor, download))
    history = Version.objects.listed_in(actor, download).order_by("-sort_key", "-id")
    page = page_of_rows(request, history, total=listed_total(actor, download))
    for version in page.object_list:
        version.download = download
    context = {
        **about(request, download),
        **release_context(request, newest),
        **opinions_about(request, download),
        "not_included": not_included(actor, download, page.object_list),
        "is_watching": watch_of(actor, download) is not None,
        "page": page,
    }
    return render(request, "pages/download.html", context)


@require_safe
@answers_errors
def download_by_slug(request: HttpRequest, slug: str) -> HttpResponseBase:
    return redirect(find_download(viewer_of(request), slug).path)


@require_safe
@cache_for_anonymous(vary_on=system_of)
@answers_errors
def version(request: HttpRequest, slug: str, pk: int, number: str) -> HttpResponseBase:
    actor = viewer_of(request)
    parent = download_of_page(actor, slug, pk)
    version = find_version(actor, parent, number, request.GET.get("channel", ""))
    context = {
        **about(request, parent),
        **release_context(request, version),
        "not_included": not_included(actor, parent, [version]),
    }
    return render(request, "pages/version.html", context)


@require_safe
@answers_errors
def share(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Follow a share link. The visitor can see the download until the session or the access key expires."""
    key = follow_share_link(request, secret)
    shared = find_download(viewer_of(request), Download.all_objects.get(pk=key.download_id).slug)
    response = redirect(shared.path)
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Allow search engines to index the pages, but not the files and the account pages."""
    closed = ("/d/", "/share/", "/account/", "/admin/", "/api/")
    sitemap = request.build_absolute_uri(reverse("pages:sitemaps"))
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in closed), f"Sitemap: {sitemap}"]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain")


@require_safe
def favicon(request: HttpRequest) -> HttpResponseBase:
    """Serve the default icon for pages that do not declare one, such as those of the admin."""
    return redirect(static("releasehub/icon.svg"))


def category_of_page(actor: Actor, slug: str) -> Category:
    """Return the category.

    Raises:
        NotFound: The category does not exist, or the actor may not see it.
    """
    node = Category.objects.filter(slug=slug).first()
    if node is None or not category_policy.can_view(actor, node):
        raise NotFound
    return node


def download_of_page(actor: Actor, slug: str, pk: int) -> Download:
    """Return the download with this ID. The slug in the URL is only for people and may be an old one.

    Raises:
        Moved: The slug is not the current one.
        Gone: The download was deleted.
        NotFound: The download does not exist, or the actor may not see it.
    """
    with suppress(NotFound):
        download = find_download(actor, slug)
        if download.pk == pk:
            return download
    present = Download.all_objects.filter(pk=pk).exclude(slug=slug).values_list("slug", flat=True).first()
    if present is None:
        raise NotFound
    raise Moved(find_download(actor, present).slug)


def about(request: HttpRequest, download: Download) -> dict[str, Any]:
    actor = viewer_of(request)
    return {
        "download": download,
        "path": download.category.trail(),
        "is_insider": download_policy.is_insider(actor, download),
        "manages_keys": download_policy.can_manage_access_keys(actor, download),
        "shared_key": needed_key(actor, download) if actor.user else presented_key(actor, download.pk),
        "base_url": base_url(request),
    }


def base_url(request: HttpRequest) -> str:
    return request.build_absolute_uri("/").rstrip("/")


def release_context(request: HttpRequest, version: Version | None) -> dict[str, Any]:
    """Return the template context: the files of the version, and for each file why the viewer cannot fetch it."""
    if version is None:
        return {"version": None}
    actor = viewer_of(request)
    files, main = shown_files(request, version), main_file(request, version)
    barriers = {file.pk: barrier for file in files if (barrier := barrier_of(actor, file))}
    return {
        "version": version,
        "main": main,
        "main_barrier": barriers.get(main.pk) if main else None,
        "files": files,
        "barriers": barriers,
        "is_verifying": is_verifying(request, version),
    }


def not_included(actor: Actor, download: Download, versions: Iterable[Version]) -> set[int]:
    """Return the IDs of the versions that the access key does not cover.

    The set is empty unless the actor sees the download only because of an access key.
    """
    key = needed_key(actor, download)
    return {version.pk for version in versions if key and not version.is_allowed_by(key)}


def with_summary(downloads: DownloadQuerySet) -> Any:
    return (
        with_current_version(downloads).select_related("category", "owner", "prefix").order_by("-last_update_at", "-id")
    )


def current_versions(downloads: Iterable[Any]) -> dict[int, Version]:
    """Return the current versions by ID, for all cards of a page, with one query."""
    version_ids = [pk for item in downloads if (pk := item.current_version_id)]
    return {version.pk: version for version in Version.objects.filter(pk__in=version_ids)}


def shown_files(request: HttpRequest, version: Version) -> list[File]:
    rows = File.objects.listed_in(viewer_of(request), version).select_related("blob", "accepted_by")
    files = sorted(rows.order_by(), key=lambda file: (not file.is_primary, preference(file)))
    for file in files:
        file.version = version
    return files


def is_verifying(request: HttpRequest, version: Version | None) -> bool:
    """Return True if files of the version are still being verified. Only the team is told about that."""
    if version is None or not download_policy.is_insider(viewer_of(request), version.download):
        return False
    return bool(versions_being_verified([version.pk]))


def main_file(request: HttpRequest, version: Version) -> File | None:
    """Return the file for the visitor's system, or the primary file if there is no file for that system."""
    platform, architecture = system_of(request)
    return best_file(version, platform, architecture) or best_file(version, platform) or best_file(version)
