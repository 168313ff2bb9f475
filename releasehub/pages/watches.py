"""Watch downloads and categories, and stop it, also by the link in an e-mail."""

from collections.abc import Callable
from functools import partial

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from downloads.models import Category, Download
from downloads.querysets import CategoryQuerySet, DownloadQuerySet
from releasehub.accounts.mail_frequency import MailFrequency
from releasehub.accounts.models import User
from releasehub.accounts.services.saving import save_account
from releasehub.community.models import Watch
from releasehub.community.services.unsubscribing import find_reader, find_watch, stop_digests
from releasehub.community.services.watching import change_frequency, unwatch, watch, watches_of
from releasehub.core.errors import Invalid
from releasehub.core.querysets import first_or_not_found
from releasehub.core.requests import actor_of
from releasehub.pages.form_pages import account_action, account_form, require_form_methods
from releasehub.pages.secret_urls import keep_secret
from releasehub.pages.viewers import account_of


class NoticeForm(forms.ModelForm):  # type: ignore[type-arg]
    """The e-mails that a user gets."""

    class Meta:
        model = User
        fields = ("version_mail", "wants_sign_in_mail")
        labels = {
            "version_mail": _("E-mails about new versions of what you watch"),
            "wants_sign_in_mail": _("E-mail me after a sign-in with a new browser or from a new network"),
        }
        help_texts = {
            "version_mail": _(
                "Digests are sent at 8:00 in your time zone, weekly ones on Mondays. You can choose differently for "
                "anything that you watch."
            )
        }


SAVED_MESSAGES = {
    MailFrequency.AT_ONCE: _("You get an e-mail when a version is published in %(title)s."),
    MailFrequency.DAILY: _("New versions in %(title)s are in your daily digest."),
    MailFrequency.WEEKLY: _("New versions in %(title)s are in your weekly digest."),
    MailFrequency.NONE: _("You watch %(title)s without getting e-mails."),
}


@account_form
def index(request: HttpRequest) -> HttpResponse:
    """List what the user watches, and choose which other e-mails the user gets."""
    user = account_of(request)
    form = NoticeForm(request.POST if request.method == "POST" else None, instance=user)
    if form.is_valid():
        save_account(user, form.changed_data)
        messages.success(request, gettext("Saved."))
        return redirect("pages:watches")
    context = {"watches": watches_of(actor_of(request)), "form": form, "sends_mail": bool(settings.EMAIL_HOST)}
    return render(request, "pages/watches.html", context)


@account_action
def watch_download(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _change(request, Download.objects.select_related("category"), pk)


@account_action
def watch_category(request: HttpRequest, pk: int) -> HttpResponseBase:
    return _change(request, Category.objects.all(), pk)


@csrf_exempt  # The signed token is the secret, and mail programs that send the form have no cookies.
@require_form_methods
def stop(request: HttpRequest, token: str) -> HttpResponseBase:
    """Stop a watch, by the link in an e-mail about it."""
    found: Watch = find_watch(token)
    return _stop_page(request, found.delete)


@csrf_exempt  # as for the view above
@require_form_methods
def stop_digest(request: HttpRequest, token: str) -> HttpResponseBase:
    """Stop the digests of a user, by the link in one of them."""
    return _stop_page(request, partial(stop_digests, find_reader(token)))


def _stop_page(request: HttpRequest, end: Callable[[], object]) -> HttpResponseBase:
    """Ask for confirmation, then stop the e-mails. A GET changes nothing, because mail scanners open links.

    The page does not name what is watched, because the link works without signing in. The button of mail programs
    (RFC 8058) is answered without a redirect, which they do not follow.
    """
    if request.method != "POST":
        return keep_secret(render(request, "pages/watch_stop.html"))
    end()
    text = gettext("You will no longer get these e-mails.")
    if request.POST.get("List-Unsubscribe") == "One-Click":
        return HttpResponse(text, content_type="text/plain")
    messages.success(request, text)
    return redirect("pages:front")


def _change(request: HttpRequest, targets: DownloadQuerySet | CategoryQuerySet, pk: int) -> HttpResponseBase:
    """Start, change or stop a watch, as the submitted button says, and return to the page with the button.

    A hidden target is not found even if the user watches it, because the response has its title and its URL.
    """
    target: Download | Category = first_or_not_found(targets.visible_to(actor_of(request)).filter(pk=pk))
    messages.success(request, _carry_out(request, target) % {"title": target.title})
    return redirect("pages:watches" if request.POST.get("from") == "account" else target.path)


def _carry_out(request: HttpRequest, target: Download | Category) -> str:
    """Do what the submitted button says, and return the message for the user, with a placeholder for the title."""
    actor = actor_of(request)
    if "frequency" in request.POST:
        found = change_frequency(actor=actor, target=target, frequency=_chosen_frequency(request))
    elif request.POST.get("watch") == "1":
        found = watch(actor=actor, target=target)
    else:
        unwatch(actor=actor, target=target)
        return gettext("You no longer watch %(title)s.")
    return str(SAVED_MESSAGES[found.mail_frequency])


def _chosen_frequency(request: HttpRequest) -> MailFrequency | None:
    value = request.POST["frequency"]
    if value and value not in MailFrequency:
        raise Invalid(gettext("Choose one of the offered frequencies."))
    return MailFrequency(value) if value else None
