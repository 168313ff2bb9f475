"""Pages that list, issue and revoke the access keys of the downloads whose team the signed-in user manages."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext

from downloads.models import AccessKey
from downloads.policies import manageable_access_keys
from releasehub.core.actor import Actor
from releasehub.core.querysets import first_or_not_found
from releasehub.core.requests import actor_of
from releasehub.distribution.access_keys import issue_access_key, revoke_access_key
from releasehub.distribution.latest import latest_version
from releasehub.distribution.preview_links import previewed_versions
from releasehub.distribution.suitable_files import best_file
from releasehub.pages.access_key_forms import AccessKeyFilter, AccessKeyForm
from releasehub.pages.contexts import base_url
from releasehub.pages.form_pages import account_form, account_page, form_page
from releasehub.pages.parameters import page_of_rows


@account_page
def index(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    form = AccessKeyFilter(request.GET, actor=actor)
    selection = form.selection()
    rows = manageable_access_keys(actor).select_related("download").order_by("-id")
    if download := selection.get("download"):
        rows = rows.filter(download=download)
    if state := selection.get("state"):
        rows = rows.in_state(state)
    page = page_of_rows(request, rows)
    context = {"page": page, "form": form, "selection": selection, "previewed": previewed_versions(page.object_list)}
    return render(request, "pages/access_keys.html", context)


@account_form
def new(request: HttpRequest) -> HttpResponseBase:
    actor = actor_of(request)
    form = AccessKeyForm(request.POST or None, actor=actor, initial={"download": request.GET.get("download", "")})
    if form.is_valid():
        with form.refusals():
            key, secret = issue_access_key(actor=actor, **form.cleaned_data)
            return _secret_page(request, key, secret)
    return form_page(request, "pages/access_key_form.html", form)


@account_form
def revoke(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Ask for confirmation, then revoke the key. Its holders lose access with their next request."""
    actor = actor_of(request)
    key = _find(actor, public_id)
    if request.method != "POST":
        context = {"key": key, "version": previewed_versions([key]).get(key.pk)}
        return render(request, "pages/access_key_revoke.html", context)
    revoke_access_key(actor=actor, key=key)
    messages.success(request, gettext("The access key %(name)s was revoked.") % {"name": key.name})
    version = previewed_versions([key]).get(key.pk)
    return redirect("pages:desk-previews", version.public_id) if version else redirect("pages:access-keys")


def _find(actor: Actor, public_id: str) -> AccessKey:
    return first_or_not_found(
        manageable_access_keys(actor).select_related("download__category").filter(public_id=public_id)
    )


def _secret_page(request: HttpRequest, key: AccessKey, secret: str) -> HttpResponse:
    """Show the secret once, with commands that can be copied as they are."""
    newest = latest_version(key.download, key=key)
    base = base_url(request)
    updates = reverse("update-check", args=[key.download.slug])
    context = {
        "key": key,
        "secret": secret,
        "base_url": base,
        "share_link": base + reverse("pages:share", args=[secret]),
        "file": best_file(newest) if newest else None,
        "update_url": f"{base}{updates}?version=1.0&key={secret}{'&allowed=1' if key.highest_number else ''}",
    }
    response = render(request, "pages/access_key_issued.html", context)
    response["Cache-Control"] = "no-store"
    return response
