"""Feeds for updaters, under `/feeds/`: find the version, write the feed, and send it with the headers of a cache."""

from hashlib import sha256
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.views.decorators.http import require_safe

from files.models import File
from releasehub.core.anonymous_cache import has_credentials
from releasehub.distribution.feeds.electron import write_feed
from releasehub.distribution.feeds.electron_files import read_name
from releasehub.distribution.feeds.release import FeedFile, FeedNote, FeedRelease
from releasehub.distribution.feeds.resolver import FeedOffer, find_electron_offer, notes_below
from releasehub.distribution.links import path_without_query
from releasehub.distribution.permalinks import find_download
from releasehub.distribution.presented_keys import open_if_valid
from releasehub.pages.contexts import base_url
from releasehub.pages.parameters import cooldown_of
from releasehub.pages.rendered_notes import render_notes
from releasehub.pages.viewers import PARAMETER, fetcher_of
from versions.models import Version

# Browsers show this type as text, and the updater reads the body whatever its type is.
YAML = "text/yaml; charset=utf-8"
MAX_AGE_SECONDS = 60
CALLER_HEADERS = ("Authorization", "XF-Api-Key", "XF-Api-User", "Cookie")


@require_safe
def electron(request: HttpRequest, slug: str, name: str, channel: str = "", secret: str = "") -> HttpResponseBase:
    """Send the feed of electron-updater's generic provider.

    `name` is a channel with the suffix of a system, such as `latest-mac`. The name `latest` stands for `channel`, or
    for the default channel of the download. `secret` is an access key, for clients that cannot send a query.
    """
    actor = fetcher_of(request)
    if secret:
        open_if_valid(actor, secret)
    download, feed = find_download(actor, slug), read_name(name)
    channel = feed.channel or channel
    offer = find_electron_offer(actor, download, channel, feed.system, cooldown_of(request))
    lists_notes = request.GET.get("changelog") == "full"
    release = None
    if offer is not None:
        versions = notes_below(actor, download, channel, feed.system, offer) if lists_notes else [offer.version]
        release = release_of(request, offer, notes_of(request, versions), secret)
    body = write_feed(release, lists_notes=lists_notes)
    return send_feed(request, body, is_public=not secret and not has_credentials(request))


def release_of(request: HttpRequest, offer: FeedOffer, notes: tuple[FeedNote, ...], secret: str) -> FeedRelease:
    return FeedRelease(
        number=offer.number,
        title=offer.version.display_title,
        released_at=offer.version.published_at or offer.version.released_at,
        files=tuple(feed_file(base_url(request), file, offer.number_in_links, secret) for file in offer.files),
        notes=notes,
        rollout_percent=offer.version.rollout_percent,
    )


def feed_file(base: str, file: File, number: str, secret: str) -> FeedFile:
    path = path_without_query(file, number=number)
    if secret:
        path += f"?{urlencode({PARAMETER: secret})}"
    sha512 = file.blob.sha512 if file.blob else file.external_sha512
    block_map_bytes = file.blob.block_map_bytes if file.blob else 0
    return FeedFile(url=base + path, sha512=sha512, size_bytes=file.size_bytes, block_map_bytes=block_map_bytes)


def notes_of(request: HttpRequest, versions: list[Version]) -> tuple[FeedNote, ...]:
    """Return the notes of the versions that have some: as Markdown, or as HTML with `?notes=html`."""
    noted = [version for version in versions if version.notes]
    if request.GET.get("notes") != "html":
        return tuple(FeedNote(version.number, version.notes) for version in noted)
    rendered = render_notes(noted)
    return tuple(FeedNote(version.number, rendered[version.pk]) for version in noted if version.pk in rendered)


def send_feed(request: HttpRequest, body: bytes, *, is_public: bool) -> HttpResponseBase:
    """Return the feed, or 304 if the client has it already. Shared caches may keep a public one for a minute."""
    whole = HttpResponse(body, content_type=YAML)
    whole["ETag"] = f'"{sha256(body).hexdigest()[:32]}"'
    whole["Cache-Control"] = f"public, max-age={MAX_AGE_SECONDS}" if is_public else "private, no-store"
    whole["X-Content-Type-Options"] = "nosniff"
    patch_vary_headers(whole, CALLER_HEADERS)
    return get_conditional_response(request, etag=whole["ETag"], response=whole) or whole
