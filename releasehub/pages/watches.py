"""Watch downloads and categories, and stop it, also by the link in an e-mail."""

from __future__ import annotations

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST

from downloads.models import Category, Download
from releasehub.accounts.models import User
from releasehub.community.models import Watch
from releasehub.community.services.watching import find_by_token, unwatch, watch, watches_of
from releasehub.core.errors import NotFound
from releasehub.core.requests import actor_of
from releasehub.pages.errors import answers_errors
from releasehub.pages.secret_urls import keep_secret


class NoticeForm(forms.ModelForm):  # type: ignore[type-arg]
    """The e-mails that a user gets."""

    class Meta:
        model = User
        fields = ("wants_sign_in_mail",)
        labels = {"wants_sign_in_mail": _("E-mail me after a sign-in with a new browser or from a new network")}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """List what the user watches, and choose which other e-mails the user gets."""
    user = User.objects.get(pk=request.user.pk or 0)
    form = NoticeForm(request.POST if request.method == "POST" else None, instance=user)
    if form.is_valid():
        with transaction.atomic():  # a signal writes the row in the audit log
            form.save()
        messages.success(request, gettext("Saved."))
        return redirect("pages:watches")
    context = {"watches": watches_of(actor_of(request)), "form": form, "sends_mail": bool(settings.EMAIL_HOST)}
    return render(request, "pages/watches.html", context)


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
    """Ask whether the e-mails shall stop, and stop them. A GET changes nothing, because mail scanners open links.

    The page does not name what is watched, because the link works without signing in.
    """
    found: Watch = find_by_token(token)
    if request.method == "POST":
        found.delete()
        messages.success(request, gettext("You will no longer get these e-mails."))
        return redirect("pages:front")
    return keep_secret(render(request, "pages/watch_stop.html"))


def _change(request: HttpRequest, target: Download | Category | None) -> HttpResponseBase:
    """Start or stop watching the target, as the submitted button says, and return to the page with the button."""
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
