"""The pages of the API reference: an overview, and one page for each group of operations."""

from itertools import groupby

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from releasehub.api.reference.operations import groups

ABOUT = {
    "mc-dm": _("The main API: downloads, versions, files, categories and webhooks. For clients of Downloads Manager."),
    "v3": _("Releases, files, channels and platforms. For clients of Cryptlex."),
    "engine": _("Versions and update lookups by file hash. For clients of the Redot engine."),
    "entity": _("Packages with signed uploads and an active version. For clients of Synthetiq."),
    "github": _("Releases, assets and tags as GitHub Enterprise Server has them. For gh, octokit and other tools."),
    "native": _("Uploads in parts, update checks, access keys, events and invitations of this hub."),
}


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    rows = groupby(groups().values(), key=lambda group: group.dialect)
    dialects = [(name, ABOUT[name], list(members)) for name, members in rows]
    return render(request, "api/index.html", {"dialects": dialects, "base_url": _base_url(request)})


@require_safe
def group(request: HttpRequest, slug: str) -> HttpResponse:
    found = groups().get(slug)
    if found is None:
        raise Http404
    context = {"group": found, "groups": groups().values(), "base_url": _base_url(request)}
    return render(request, "api/group.html", context)


def _base_url(request: HttpRequest) -> str:
    return settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")
