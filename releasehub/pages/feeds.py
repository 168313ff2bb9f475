"""Feeds of the newest versions: of the hub, a category, a download with its channels, an author, a tag and others."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from downloads.models import Download
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.distribution.authors import find_author, find_organization
from releasehub.pages.contexts import category_of_page, download_of_page
from releasehub.pages.feed_entries import Feed, render_feed
from releasehub.pages.paths import author_path, organization_path, tag_path
from releasehub.pages.viewers import fetcher_of
from releasehub.search.facets import downloads_with, fold_value
from releasehub.search.models import Facet
from versions.models import Version
from versions.querysets import VersionQuerySet

View = Callable[..., Feed]


def feed_view(build: View) -> Callable[..., HttpResponseBase]:
    """Return a view that writes the feed of `build` in the format that the URL names: `atom` or `json`."""

    @require_safe
    @cache_for_anonymous()
    @wraps(build)
    def view(request: HttpRequest, format: str, **parts: object) -> HttpResponseBase:
        return render_feed(request, build(request, fetcher_of(request), **parts), format)

    return view


@feed_view
def site(request: HttpRequest, actor: Actor) -> Feed:
    return Feed("Releases", "The newest versions of all downloads.", reverse("pages:front"), released(actor))


@feed_view
def category(request: HttpRequest, actor: Actor, slug: str) -> Feed:
    node = category_of_page(actor, slug)
    below = Download.objects.filter(category__in=[child.pk for child in node.subtree()])
    path = reverse("pages:category", kwargs={"slug": slug})
    return Feed(node.title, f"The newest versions in {node.title}.", path, released(actor).filter(download__in=below))


@feed_view
def download(request: HttpRequest, actor: Actor, slug: str, pk: int) -> Feed:
    """Build the feed of a download. The parameter `channel` selects the versions of one channel."""
    parent, channel = download_of_page(actor, slug, pk), request.GET.get("channel", "").replace("\0", "")
    rows = Version.objects.listed().filter(download=parent)
    if channel:
        return Feed(f"{parent.title} ({channel})", parent.tag_line, parent.path, rows.filter(channel=channel.lower()))
    return Feed(parent.title, parent.tag_line, parent.path, rows)


@feed_view
def author(request: HttpRequest, actor: Actor, username: str) -> Feed:
    owner = find_author(actor, username)
    rows = released(actor).filter(download__owner=owner)
    return Feed(f"Releases of {username}", f"The newest versions of {username}.", author_path(owner), rows)


@feed_view
def organization(request: HttpRequest, actor: Actor, slug: str) -> Feed:
    owner = find_organization(actor, slug)
    rows = released(actor).filter(download__organization=owner)
    return Feed(f"Releases of {owner}", f"The newest versions of {owner}.", organization_path(owner), rows)


@feed_view
def tag(request: HttpRequest, actor: Actor, tag: str) -> Feed:
    value = fold_value(Facet.Kind.TAG, tag)
    rows = released(actor).filter(download__in=downloads_with(Facet.Kind.TAG, value))
    return Feed(f"Releases with the tag {value}", f"The newest versions with the tag {value}.", tag_path(value), rows)


def released(actor: Actor) -> VersionQuerySet:
    """Return the versions that lists show to everyone who sees their download."""
    return Version.objects.listed().filter(download__in=Download.objects.visible_to(actor))
