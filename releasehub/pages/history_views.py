"""The pages about the versions of a download: the filtered list and the changelog."""

from collections.abc import Iterable
from typing import Any

from django.core.paginator import Page
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from downloads.models import Download
from files.models import File
from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.distribution.history import (
    HistoryFilter,
    VersionState,
    channels_in,
    history_of,
    platforms_in,
    states_for,
    versions_since,
)
from releasehub.pages.comparisons import compare_choices
from releasehub.pages.contexts import about, download_of_page, not_included
from releasehub.pages.parameters import page_of_rows, parameter_of
from releasehub.pages.rendered_notes import attach_notes
from releasehub.pages.viewers import viewer_of
from versions.models import Version
from versions.platforms import fold_platform
from versions.querysets import VersionQuerySet, listed_total

NOTES_PER_PAGE = 10


@require_safe
@cache_for_anonymous()
def versions(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """List the versions of a download, filtered by channel, platform and state."""
    actor = viewer_of(request)
    download = download_of_page(actor, slug, pk)
    wanted = filter_of(request, states_for(actor, download))
    total = listed_total(actor, download) if wanted.is_empty else None
    page = page_of_versions(request, download, history_of(actor, download, wanted), total=total)
    context = (
        about(request, download)
        | compare_choices(actor, download)
        | {
            "tab": "versions",
            "page": page,
            "wanted": wanted,
            "states": states_for(actor, download),
            "channels": channels_in(actor, download),
            "platforms": platforms_in(actor, download),
            "platforms_of": platforms_of(page.object_list),
            "not_included": not_included(actor, download, page.object_list),
        }
    )
    return render(request, "pages/versions.html", context)


@require_safe
@cache_for_anonymous()
def changelog(request: HttpRequest, slug: str, pk: int) -> HttpResponseBase:
    """Show the notes of all versions, or of those that are newer than the parameter `since`."""
    actor = viewer_of(request)
    download = download_of_page(actor, slug, pk)
    since, channel = parameter_of(request, "since"), parameter_of(request, "channel")
    rows = history_of(actor, download, HistoryFilter(channel=channel))
    newer = versions_since(rows, since, download.version_scheme) if since else rows
    total = None if since or channel else listed_total(actor, download)
    page = page_of_versions(request, download, rows if newer is None else newer, total=total, per_page=NOTES_PER_PAGE)
    attach_notes(page.object_list)
    context = about(request, download) | {
        "tab": "changelog",
        "page": page,
        "since": since,
        "is_since_unknown": newer is None,
        "channel": channel,
        "channels": channels_in(actor, download),
    }
    return render(request, "pages/changelog.html", context)


def filter_of(request: HttpRequest, states: list[VersionState]) -> HistoryFilter:
    """Return the filter that the parameters state. Unknown states are ignored."""
    state = parameter_of(request, "state")
    return HistoryFilter(
        channel=parameter_of(request, "channel"),
        platform=parameter_of(request, "platform"),
        state=next((choice for choice in states if choice == state), None),
    )


def page_of_versions(request: HttpRequest, download: Download, rows: VersionQuerySet, **options: Any) -> Page[Version]:
    """Return the page of versions. Each knows its download, so that links to it need no query."""
    page = page_of_rows(request, rows, **options)
    page.object_list = list(page.object_list)
    for version in page.object_list:
        version.download = download
    return page


def platforms_of(versions: Iterable[Version]) -> dict[int, list[str]]:
    """Return the platforms that the files of each version name, by the ID of the version, with one query."""
    rows = (
        File.objects.passed().filter(version__in=[version.pk for version in versions]).exclude(platform="").order_by()
    )
    found: dict[int, set[str]] = {}
    for version_id, platform in rows.values_list("version", "platform").distinct():
        found.setdefault(version_id, set()).add(fold_platform(platform))
    return {version_id: sorted(platforms) for version_id, platforms in found.items()}
