"""Permanent URLs of files, under `/d/`, which documentation and scripts can rely on."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.http import require_safe

from files.names import fold_name
from releasehub.core.errors import NotFound
from releasehub.distribution.delivery import header_text, serve_file, warn_of_yank
from releasehub.distribution.permalinks import (
    checksums,
    find_download,
    find_exact,
    find_newest,
    find_newest_version,
    find_version,
)
from releasehub.pages.errors import answers_errors
from releasehub.pages.viewers import fetcher_of
from versions.models import Version

SUMS = "SHA256SUMS"


@require_safe
@answers_errors
def exact(request: HttpRequest, slug: str, number: str, filename: str) -> HttpResponseBase:
    """Serve one file of one version. SHA256SUMS is generated unless the version has a file with that name."""
    actor, channel = fetcher_of(request), request.GET.get("channel", "")
    try:
        file = find_exact(actor, slug, number, filename, channel)
    except NotFound:
        if not is_sums(filename):
            raise
        version = find_version(actor, find_download(actor, slug), number, channel)
        response: HttpResponseBase = sums_of(version)
        warn_of_yank(response, version)
        return response
    return serve_file(request, file, actor)


@require_safe
@answers_errors
def latest(request: HttpRequest, slug: str, target: str = "", line: str = "", channel: str = "") -> HttpResponseBase:
    """Redirect to the file of the newest version that `find_latest` selects. Caches may not store the redirect."""
    actor, line = fetcher_of(request), line.removesuffix(".x")
    try:
        file = find_newest(actor, slug, target, channel=channel, line=line)
    except NotFound:
        if not is_sums(target):
            raise
        version = find_newest_version(actor, slug, channel=channel, line=line)
        response: HttpResponseBase = sums_of(version)
    else:
        version = file.version
        response = serve_file(request, file, actor)
    response["Cache-Control"] = "no-cache"
    response["X-ReleaseHub-Version"] = header_text(version.number)
    return response


def is_sums(name: str) -> bool:
    return fold_name(name) == fold_name(SUMS)


def sums_of(version: Version) -> HttpResponse:
    response = HttpResponse(checksums(version), content_type="text/plain; charset=utf-8")
    response["X-Content-Type-Options"] = "nosniff"
    return response
