"""The preview links of a version on the author's desk. Revoking one is a page of the access keys."""

from datetime import timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from downloads.policies import download_policy, manageable_access_keys
from releasehub.core.requests import actor_of
from releasehub.distribution.preview_links import DEFAULT_DAYS, can_be_previewed, issue_preview_link
from releasehub.pages.access_key_forms import PreviewLinkForm
from releasehub.pages.contexts import base_url
from releasehub.pages.desk.lookup import find_version
from releasehub.pages.form_pages import account_form, form_page
from releasehub.pages.secret_urls import keep_secret
from versions.models import Version

MAX_SHOWN = 50


@account_form
def index(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """List the preview links of a version, and create one. The new link is shown once, above the list."""
    actor = actor_of(request)
    version = find_version(actor, public_id)
    download_policy.ensure("manage_access_keys", actor, version.download)
    form = _form(request.POST or None)
    if form.is_valid():
        with form.refusals():
            _, secret = issue_preview_link(actor=actor, version=version, **form.cleaned_data)
            link = base_url(request) + reverse("pages:preview", args=[secret])
            return keep_secret(_page(request, version, _form(), link=link))
    return _page(request, version, form)


def _form(values: Any = None) -> PreviewLinkForm:
    last_day = timezone.localdate() + timedelta(days=DEFAULT_DAYS)
    return PreviewLinkForm(values, initial={"expires_at": last_day})


def _page(request: HttpRequest, version: Version, form: PreviewLinkForm, *, link: str = "") -> HttpResponse:
    rows = manageable_access_keys(actor_of(request)).filter(download=version.download_id, version_id=version.pk)
    context = {
        "version": version,
        "download": version.download,
        "keys": rows.order_by("-id")[:MAX_SHOWN],
        "link": link,
        "can_be_previewed": can_be_previewed(version),
    }
    return form_page(request, "pages/desk/preview_links.html", form, **context)
