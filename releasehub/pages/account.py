"""Pages for signing in and out, and the account page with the API keys of the signed-in user."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_POST, require_safe

from downloads.models import Download
from releasehub.accounts.backends import TOO_MANY
from releasehub.accounts.forms import SignInForm
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.services import issue_key, revoke_key
from releasehub.community.services.watching import watches_of
from releasehub.core.errors import NotFound
from releasehub.core.requests import actor_of
from releasehub.distribution.latest import with_current_version
from releasehub.pages.contexts import current_versions
from releasehub.pages.errors import answers_errors
from releasehub.pages.forms import KeyForm
from releasehub.pages.invitation_lists import invitations_of, organizations_of
from releasehub.webhooks.endpoint_states import in_state
from releasehub.webhooks.models import Endpoint
from releasehub.webhooks.querysets import visible_endpoints

MAX_DOWNLOADS = 100
MAX_NOTICES = 5


class SignInView(LoginView):
    template_name = "pages/sign_in.html"
    form_class = SignInForm
    redirect_authenticated_user = True

    def form_invalid(self, form: Any) -> HttpResponse:
        response = super().form_invalid(form)
        if form.has_error(NON_FIELD_ERRORS, "too_many"):
            response.status_code = 429
            response["Retry-After"] = str(self.request.META[TOO_MANY])
        return response


class SignOutView(LogoutView):
    http_method_names = ["post", "options"]


@login_required
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    return account_page(request, KeyForm(actor=actor_of(request)))


@login_required
@require_POST
@answers_errors
def issue(request: HttpRequest) -> HttpResponseBase:
    """Show the secret, which cannot be shown again."""
    actor = actor_of(request)
    form = KeyForm(request.POST, actor=actor)
    if not form.is_valid() or actor.user is None:
        return account_page(request, form, status=400)
    key, secret = issue_key(actor=actor, user=actor.user, **form.key())
    response = render(request, "pages/key_issued.html", {"key": key, "secret": secret})
    response["Cache-Control"] = "no-store"
    return response


@login_required
@require_POST
@answers_errors
def revoke(request: HttpRequest, pk: int) -> HttpResponseBase:
    key = ApiKey.objects.filter(pk=pk).first()
    if key is None:
        raise NotFound
    revoke_key(actor=actor_of(request), key=key)
    messages.success(request, gettext("The API key %(name)s was revoked.") % {"name": key.name})
    return redirect("pages:account")


def account_page(request: HttpRequest, form: KeyForm, status: int = 200) -> HttpResponse:
    actor = actor_of(request)
    mine = with_current_version(Download.objects.inside_for(actor)).select_related("category")
    downloads = mine.order_by("title")[:MAX_DOWNLOADS]
    shown = [download.pk for download in downloads]
    context = {
        "downloads": downloads,
        "current": current_versions(list(downloads)),
        "team_managed": set(Download.objects.team_managed_by(actor).filter(pk__in=shown).values_list("pk", flat=True)),
        "invitations": invitations_of(actor),
        "organizations": organizations_of(actor),
        "watches": watches_of(actor),
        "keys": ApiKey.objects.filter(user=actor.user),
        "disabled": in_state(visible_endpoints(actor), Endpoint.State.DISABLED)[:MAX_NOTICES],
        "form": form,
    }
    return render(request, "pages/account.html", context, status=status)
