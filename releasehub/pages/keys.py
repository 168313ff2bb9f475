"""The page with the API keys of the signed-in user."""

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.services import issue_key, revoke_key
from releasehub.core.querysets import first_or_not_found
from releasehub.core.requests import actor_of
from releasehub.pages.form_pages import form_page, require_form_methods
from releasehub.pages.forms import KeyForm
from releasehub.pages.key_presets import PRESETS, initial_of, scopes_in_words, snippets_of


@login_required
@require_form_methods
def keys(request: HttpRequest) -> HttpResponseBase:
    """List the keys, or create one and show its secret, which cannot be shown again.

    A key outlives the session, so the user confirms the password first. Otherwise, somebody who finds a browser that
    is signed in could take lasting access.
    """
    actor = actor_of(request)
    initial = initial_of(request.GET.get("preset", ""))
    form = KeyForm(request.POST if request.method == "POST" else None, actor=actor, initial=initial)
    if not form.is_valid() or actor.user is None:
        rows = [(key, scopes_in_words(key)) for key in ApiKey.objects.filter(user=actor.user)]
        return form_page(request, "pages/keys.html", form, keys=rows, presets=PRESETS)
    raise_if_reauthentication_required(request, app="allauth.mfa")
    key, secret = issue_key(actor=actor, user=actor.user, **form.key())
    context = {"key": key, "scopes": scopes_in_words(key), "secret": secret, "snippets": snippets_of(key, secret)}
    response: HttpResponse = render(request, "pages/key_issued.html", context)
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponseBase:
    key = first_or_not_found(ApiKey.objects.filter(pk=pk))
    revoke_key(actor=actor_of(request), key=key)
    messages.success(request, _("The API key %(name)s was revoked.") % {"name": key.name})
    return redirect("pages:keys")
