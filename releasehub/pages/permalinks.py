"""Permanent URLs of files, under `/d/`, which documentation and scripts can rely on."""

from hashlib import sha256
from urllib.parse import urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from files.models import File
from files.names import fold_name
from releasehub.core.actor import Actor
from releasehub.core.errors import Gone, NotFound
from releasehub.distribution.blob_headers import NO_TRANSFORM
from releasehub.distribution.checksums import FILENAME, checksums
from releasehub.distribution.delivery import describe_version, serve_file
from releasehub.distribution.file_permalinks import find_exact, find_file, find_newest, find_newest_version
from releasehub.distribution.links import file_path
from releasehub.distribution.permalinks import find_download, find_version
from releasehub.distribution.zsync import find_control_file, is_control_file
from releasehub.pages.parameters import cooldown_of
from releasehub.pages.viewers import PARAMETER, fetcher_of
from versions.models import Version

REVALIDATED = f"no-cache, {NO_TRANSFORM}"


def place_of(request: HttpRequest) -> dict[str, str]:
    """Return the channel and the platform that tell versions with the same number apart."""
    return {name: request.GET.get(name, "") for name in ("channel", "platform")}


@require_safe
def exact(request: HttpRequest, slug: str, number: str, filename: str, **place_in_path: str) -> HttpResponseBase:
    """Serve one file of one version. SHA256SUMS is generated unless the version has a file with that name.

    The channel and the platform are in the path of some links and in the query of others.
    """
    actor, place = fetcher_of(request), place_of(request) | place_in_path
    try:
        file = find_exact(actor, slug, number, filename, **place)
    except NotFound:
        if not is_sums(filename):
            raise
        return send_sums(request, find_version(actor, find_download(actor, slug), number, **place))
    return serve_file(request, file, actor)


@require_safe
def latest(request: HttpRequest, slug: str, target: str = "", line: str = "", channel: str = "") -> HttpResponseBase:
    """Serve the file of the newest version that `find_latest` selects, without a redirect to its exact link.

    A control file of zsync is the exception: it names its package by a relative URL, which the client resolves against
    the URL after redirects.
    """
    actor, line, cooldown = fetcher_of(request), line.removesuffix(".x"), cooldown_of(request)
    if is_control_file(target):
        control_file = find_control_file(actor, slug, target, channel=channel, line=line, cooldown=cooldown)
        return redirect_to_exact(request, control_file)
    if is_sums(target):
        version = find_newest_version(actor, slug, channel=channel, line=line, cooldown=cooldown)
        file = stored_sums(actor, version)
    else:
        file = find_newest(actor, slug, target, channel=channel, line=line, cooldown=cooldown)
        version = file.version
    response = serve_file(request, file, actor) if file else send_sums(request, version)
    response.setdefault("Cache-Control", "no-cache")
    return response


def redirect_to_exact(request: HttpRequest, file: File) -> HttpResponseBase:
    """Return a redirect to the exact link of the file. An access key in the query stays in it."""
    url = urlsplit(file_path(file))
    query = QueryDict(url.query, mutable=True)
    if key := request.GET.get(PARAMETER):
        query[PARAMETER] = key
    response = HttpResponseRedirect(urlunsplit(url._replace(query=query.urlencode())))
    response["Cache-Control"] = "no-cache"
    describe_version(response, file.version)
    return response


def is_sums(name: str) -> bool:
    return fold_name(name) == fold_name(FILENAME)


def stored_sums(actor: Actor, version: Version) -> File | None:
    """Return the SHA256SUMS that was uploaded to this version, or None to generate one.

    An upload to an older version does not count: it says nothing about the files of this one.
    """
    try:
        return find_file(actor, version, FILENAME)
    except (NotFound, Gone):
        return None


def send_sums(request: HttpRequest, version: Version) -> HttpResponseBase:
    """Return the generated SHA256SUMS of a version. It costs no use of an access key and is not counted."""
    body = checksums(version)
    whole = HttpResponse(body, content_type="text/plain; charset=utf-8")
    whole["ETag"] = f'"{sha256(body.encode()).hexdigest()}"'
    whole["Cache-Control"] = REVALIDATED
    whole["X-Content-Type-Options"] = "nosniff"
    response: HttpResponseBase = get_conditional_response(request, etag=whole["ETag"], response=whole) or whole
    describe_version(response, version)
    return response
