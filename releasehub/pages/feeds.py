"""Feeds of the newest versions: of the hub, a category, a download with its channels, an author, a tag and others."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps

from django.db.models import Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils.feedgenerator import Enclosure, SyndicationFeed
from django.views.decorators.http import require_safe

from downloads.models import Download
from files.models import File
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cache_for_anonymous
from releasehub.distribution.links import file_path, version_path
from releasehub.markdown.rendering import render_markdown
from releasehub.pages.contexts import (
    author_of_page,
    base_url,
    category_of_page,
    download_of_page,
    organization_of_page,
)
from releasehub.pages.errors import answers_errors
from releasehub.pages.feed_formats import FORMATS
from releasehub.pages.parameters import cooldown_of
from releasehub.pages.paths import author_path, organization_path, tag_path
from releasehub.pages.viewers import fetcher_of
from releasehub.search.facets import downloads_with, fold_value
from releasehub.search.models import Facet
from versions.models import Version
from versions.querysets import VersionQuerySet

MAX_ENTRIES = 30
MAX_ENCLOSURES = 50  # of an entry, whose page has all files
BINARY = "application/octet-stream"
SECURITY = "security"


@dataclass(frozen=True)
class Feed:
    """A list of versions under a title.

    Attributes:
        path: The page that shows the same to people.
        path_of: Returns the path that an entry links to.
    """

    title: str
    description: str
    path: str
    versions: VersionQuerySet
    path_of: Callable[[Version], str] = version_path


View = Callable[..., Feed]


def feed_view(build: View) -> Callable[..., HttpResponseBase]:
    """Return a view that writes the feed of `build` in the format that the URL names: `atom` or `json`."""

    @require_safe
    @cache_for_anonymous()
    @answers_errors
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
    owner = author_of_page(actor, username)
    rows = released(actor).filter(download__owner=owner)
    return Feed(f"Releases of {username}", f"The newest versions of {username}.", author_path(owner), rows)


@feed_view
def organization(request: HttpRequest, actor: Actor, slug: str) -> Feed:
    owner = organization_of_page(actor, slug)
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


def render_feed(request: HttpRequest, feed: Feed, format: str) -> HttpResponse:
    base = base_url(request)
    document = FORMATS[format](
        title=feed.title,
        link=base + feed.path,
        description=feed.description,
        feed_url=request.build_absolute_uri(),
    )
    rows = feed.versions.after_cooldown(cooldown_of(request)).select_related("download__owner")
    versions = rows.order_by("-released_at", "-id")[:MAX_ENTRIES]
    files = files_of(versions)
    for version in versions:
        add_entry(document, base, version, base + feed.path_of(version), files[version.pk])
    return HttpResponse(document.writeString("utf-8"), content_type=document.content_type)


def files_of(versions: Iterable[Version]) -> dict[int, list[File]]:
    """Return the first files of each version that can be downloaded, by the ID of the version, with one query."""
    by_id = {version.pk: version for version in versions}
    files: dict[int, list[File]] = defaultdict(list)
    order = ("display_order", "id")
    place = Window(RowNumber(), partition_by="version", order_by=order)
    rows = File.objects.passed().filter(version__in=by_id).annotate(place=place).filter(place__lte=MAX_ENCLOSURES)
    for file in rows.select_related("blob").order_by(*order):
        file.version = by_id[file.version_id]
        files[file.version_id].append(file)
    return files


def add_entry(document: SyndicationFeed, base: str, version: Version, link: str, files: Iterable[File]) -> None:
    document.add_item(
        title=entry_title(version),
        link=link,
        description=version.title or version.download.tag_line,
        content_html=render_markdown(version.release_notes),
        # The ID must stay the same when the download is renamed or the hub moves to another host.
        unique_id=f"urn:releasehub:version:{version.public_id}",
        author_name=version.download.owner.username,
        categories=[version.channel, *([SECURITY] if version.is_security_release else [])],
        pubdate=version.published_at,
        updateddate=version.updated_at,
        enclosures=[enclosure_of(base, file) for file in files],
    )


def entry_title(version: Version) -> str:
    title = f"{version.download.title} {version.number}"
    if version.is_security_release:
        title += " (security release)"
    return f"{title} (yanked: {version.yank_reason or 'do not use'})" if version.is_yanked else title


def enclosure_of(base: str, file: File) -> Enclosure:
    """Return the permanent link of a file, with its size in bytes unless it is unknown, as for a link."""
    mime_type = file.blob.mime_type if file.blob else BINARY
    return Enclosure(base + file_path(file), str(file.size_bytes or ""), mime_type)
