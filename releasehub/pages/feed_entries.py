"""The content of a feed: its versions as entries, with the files that can be downloaded."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db.models import Window
from django.db.models.functions import RowNumber
from django.http import HttpRequest, HttpResponse
from django.utils.feedgenerator import Enclosure, SyndicationFeed

from files.models import File
from releasehub.core.clean import strip_controls
from releasehub.distribution.links import file_path, version_path
from releasehub.pages.contexts import base_url
from releasehub.pages.feed_formats import FORMATS
from releasehub.pages.parameters import cooldown_of
from releasehub.pages.rendered_notes import render_notes
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
    """

    title: str
    description: str
    path: str
    versions: VersionQuerySet
    path_of: Callable[[Version], str] = version_path


def render_feed(request: HttpRequest, feed: Feed, format: str) -> HttpResponse:
    base = base_url(request)
    document = FORMATS[format](
        title=strip_controls(feed.title),  # the URL can name any tag and channel
        link=base + feed.path,
        description=strip_controls(feed.description),
        feed_url=request.build_absolute_uri(),
    )
    rows = feed.versions.after_cooldown(cooldown_of(request)).select_related("download__owner")
    versions = rows.order_by("-released_at", "-id")[:MAX_ENTRIES]
    files, notes = files_of(versions), render_notes(versions)
    for version in versions:
        link = base + feed.path_of(version)
        add_entry(document, base, version, link, notes.get(version.pk, ""), files[version.pk])
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


def add_entry(
    document: SyndicationFeed, base: str, version: Version, link: str, notes: str, files: Iterable[File]
) -> None:
    document.add_item(
        title=entry_title(version),
        link=link,
        description=version.title or version.download.tag_line,
        content_html=notes,
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
