"""Watch downloads and categories, and stop it, also by the link in an e-mail."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from downloads.models import Category, Download
from releasehub.community.models import Watch
from releasehub.community.services.watching import find_by_token, unwatch, watch, watches_of
from releasehub.core.errors import NotFound
from releasehub.core.requests import actor_of
from releasehub.pages.errors import answers_errors


@login_required
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """List what the user watches."""
    return render(request, "pages/watches.html", {"watches": watches_of(actor_of(request))})


@login_required
@require_POST
@answers_errors
def watch_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    download = Download.objects.select_related("category").filter(pk=pk).first()
    return _change(request, download)


@login_required
@require_POST
@answers_errors
def watch_category(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _change(request, Category.objects.filter(pk=pk).first())


@require_http_methods(["GET", "HEAD", "POST"])
@answers_errors
def stop(request: HttpRequest, token: str) -> HttpResponseBase:
    """Ask whether the e-mails shall stop, and stop them. Opening the link alone changes nothing: mail scanners do that.

    The page does not name what is watched, because the link works without signing in.
    """
    found: Watch = find_by_token(token)
    if request.method == "POST":
        found.delete()
        messages.success(request, gettext("You get no more of these e-mails."))
        return redirect("pages:front")
    response = render(request, "pages/watch_stop.html")
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response


def _change(request: HttpRequest, target: Download | Category | None) -> HttpResponseBase:
    """Watch the target, or stop it, as the button of the form says, and go back to where the button is."""
    if target is None:
        raise NotFound
    actor = actor_of(request)
    if request.POST.get("watch") == "1":
        watch(actor=actor, target=target)
        text = gettext("You get an e-mail when a version is published in %(title)s.")
        messages.success(request, text % {"title": target.title})
    else:
        unwatch(actor=actor, target=target)
        messages.success(request, gettext("You no longer watch %(title)s.") % {"title": target.title})
    return redirect("pages:watches" if request.POST.get("from") == "account" else target.path)
