"""The addresses under which Git hosts show and deliver releases: `/{owner}/{repo}/releases/…`.

Programs that know such a host find releases here without an API. People are sent on to the pages of the download.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.urls.converters import StringConverter
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from releasehub.accounts.reserved_names import is_url_name
from releasehub.core.actor import Actor
from releasehub.core.errors import NotFound
from releasehub.distribution.delivery import serve_file
from releasehub.distribution.file_permalinks import find_file
from releasehub.distribution.git_releases import find_latest, find_published
from releasehub.distribution.links import version_path
from releasehub.distribution.repositories import find_asset, find_current_repository
from releasehub.distribution.web_addresses import asset_path, release_path
from releasehub.pages.errors import prefers_json
from releasehub.pages.feed_entries import Feed
from releasehub.pages.feeds import feed_view
from releasehub.pages.parameters import cooldown_of
from releasehub.pages.permalinks import is_sums, send_sums
from releasehub.pages.viewers import fetcher_of
from versions.models import Version


class OwnerConverter(StringConverter):
    """The owner in a path. Names with which other URLs of the hub begin match no route here."""

    def to_python(self, value: str) -> str:
        if is_url_name(value):
            raise ValueError
        return value


@require_safe
def repository(request: HttpRequest, owner: str, slug: str) -> HttpResponseBase:
    return redirect_to(request, find_current_repository(fetcher_of(request), owner, slug).path)


@require_safe
def releases(request: HttpRequest, owner: str, slug: str) -> HttpResponseBase:
    download = find_current_repository(fetcher_of(request), owner, slug)
    return redirect_to(request, reverse("pages:versions", kwargs={"slug": download.slug, "pk": download.pk}))


@require_safe
def release(request: HttpRequest, owner: str, slug: str, tag: str) -> HttpResponseBase:
    actor = fetcher_of(request)
    version = find_published(actor, find_current_repository(actor, owner, slug), tag)
    return redirect_to(request, version_path(version))


@require_safe
def latest(request: HttpRequest, owner: str, slug: str) -> HttpResponseBase:
    """Redirect to the latest release, or describe it to programs that ask for JSON, as electron-updater does."""
    version = find_latest(find_current_repository(fetcher_of(request), owner, slug), cooldown_of(request))
    path = release_path(version.download, version.tag_name)
    response: HttpResponse
    if prefers_json(request):
        response = JsonResponse({"tag_name": version.tag_name, "id": version.pk, "update_url": path})
    else:
        response = redirect_to(request, path)
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ["Accept"])
    return response


@require_safe
def latest_asset(request: HttpRequest, owner: str, slug: str, name: str) -> HttpResponseBase:
    """Redirect to the file with this name in the latest release, which may differ from one request to the next."""
    actor = fetcher_of(request)
    version = find_latest(find_current_repository(actor, owner, slug), cooldown_of(request))
    response = redirect_to(request, asset_path(version.download, version.tag_name, stored_name(actor, version, name)))
    response["Cache-Control"] = "no-cache"
    return response


def stored_name(actor: Actor, version: Version, name: str) -> str:
    """Return the name of a file of the version as it is stored. Every version has a SHA256SUMS."""
    return name if is_sums(name) else find_file(actor, version, name).filename


@require_safe
def asset(request: HttpRequest, owner: str, slug: str, tag: str, name: str) -> HttpResponseBase:
    """Serve a file of a release. SHA256SUMS is generated unless the version has a file with that name."""
    actor = fetcher_of(request)
    try:
        file = find_asset(actor, owner, slug, tag, name)
    except NotFound:
        if not is_sums(name):
            raise
        return send_sums(request, find_published(actor, find_current_repository(actor, owner, slug), tag))
    return serve_file(request, file, actor)


@feed_view
def feed(request: HttpRequest, actor: Actor, owner: str, slug: str) -> Feed:
    """Build the feed of a download whose entries link to `/releases/tag/{tag}`."""
    download = find_current_repository(actor, owner, slug)
    rows = Version.objects.listed().filter(download=download)
    return Feed(
        f"Releases of {download.title}",
        download.tag_line,
        download.path,
        rows,
        path_of=lambda version: release_path(download, version.tag_name),
    )


def redirect_to(request: HttpRequest, path: str) -> HttpResponseRedirect:
    """Return a redirect that keeps the query string, which may hold an access key."""
    query = request.META.get("QUERY_STRING", "")
    separator = "&" if "?" in path else "?"  # the path of a version may name its channel and its platform
    return HttpResponseRedirect(f"{path}{separator}{query}" if query else path)
