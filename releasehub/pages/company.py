"""Signing in with the OpenID Connect provider of the company, with PKCE, a state and a nonce in the session."""

import logging
import secrets
import time
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.internal.flows.reauthentication import (
    raise_if_reauthentication_required,
    resume_request,
)
from allauth.account.models import Login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.crypto import constant_time_compare
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from releasehub.accounts.company.confirming import COMPANY_METHOD
from releasehub.accounts.company.provider import ProviderError, claims_for, configuration
from releasehub.accounts.company.services import disconnect, ensure_confirmed, user_of_claims
from releasehub.core.domain_messages import translated
from releasehub.core.errors import Denied
from releasehub.core.requests import actor_of
from releasehub.core.site import site_url
from releasehub.pages.form_pages import account_action, account_form, require_form_methods

log = logging.getLogger(__name__)
SESSION_NAME = "company_sign_in"
BEGUN_SECONDS = 600  # how long a sign-in may take at the provider


@require_form_methods
def begin(request: HttpRequest) -> HttpResponseBase:
    """Send the visitor to the provider. A signed-in user comes back to connect the accounts.

    That takes a POST: with a link alone, another site could connect a user with an account in whose name it has signed
    in this browser at the provider.
    """
    if not settings.OIDC_ISSUER:
        raise Http404
    if request.user.is_authenticated:
        if request.method != "POST":
            return redirect("mfa_index")
        raise_if_reauthentication_required(request, app="allauth.mfa")
    return _send_to_provider(request)


@account_form
def confirm(request: HttpRequest) -> HttpResponseBase:
    """Let a user who has neither a password nor a second factor sign in at the provider once more.

    Raises:
        Http404: The user can confirm in another way, or is not connected.
    """
    if COMPANY_METHOD not in {method["id"] for method in get_adapter().get_reauthentication_methods(request.user)}:
        raise Http404
    if request.method != "POST":
        return render(request, "pages/company_confirm.html", {"company_name": settings.OIDC_NAME})
    # The provider asks for the password although it knows the browser. `max_age` makes it state when it did.
    return _send_to_provider(request, prompt="login", max_age="0")


@require_safe
def callback(request: HttpRequest) -> HttpResponseBase:
    """Sign in the person whom the provider sent back, connect the accounts of a signed-in user, or confirm."""
    begun = request.session.pop(SESSION_NAME, None)
    if begun is None or not constant_time_compare(request.GET.get("state", ""), begun["state"]):
        return _failed(request, ProviderError("The response does not belong to a sign-in that this browser began."))
    if not 0 <= time.time() - begun.get("begun_at", 0) < BEGUN_SECONDS:
        return _failed(request, ProviderError("The sign-in began too long ago."))
    # Signing in does not end the session. Without this check, somebody who began as a visitor, as any site can make a
    # browser do, and then signed in with a password would be connected without having asked for it.
    if begun.get("user") != request.user.pk:
        return _failed(request, ProviderError("Somebody has signed in or out since this sign-in began."))
    if "code" not in request.GET:
        return _failed(request, ProviderError(f"The provider answered: {request.GET.get('error', '')[:100]!r}"))
    try:
        claims = claims_for(
            request.GET["code"], redirect_uri=_redirect_uri(), verifier=begun["verifier"], nonce=begun["nonce"]
        )
        if begun.get("confirms"):
            return _confirmed(request, claims, begun)
        user = user_of_claims(actor=actor_of(request), claims=claims)
    except (ProviderError, Denied) as error:
        return _failed(request, error)
    if request.user.is_authenticated:
        messages.success(request, _("Your company account is connected."))
        return redirect("mfa_index")
    record_authentication(request, user, COMPANY_METHOD)
    return perform_login(request, Login(user=user, redirect_url=begun["next"] or None))


def _confirmed(request: HttpRequest, claims: dict[str, Any], begun: dict[str, Any]) -> HttpResponseBase:
    """Record the confirmation, and go on with the request that needed it.

    Raises:
        Denied: The claims are about another person, or about a sign-in before the confirmation began.
    """
    ensure_confirmed(user=request.user, claims=claims, since=begun["begun_at"])  # type: ignore[arg-type]
    record_authentication(request, request.user, COMPANY_METHOD, reauthenticated=True)
    query = QueryDict(mutable=True)
    query[REDIRECT_FIELD_NAME] = begun["next"]
    request.GET = query  # type: ignore[assignment]  # where allauth looks for the page to go on with
    return resume_request(request) or redirect("mfa_index")


@account_action
def end_connection(request: HttpRequest) -> HttpResponseBase:
    raise_if_reauthentication_required(request, app="allauth.mfa")
    disconnect(actor=actor_of(request), user=request.user)  # type: ignore[arg-type]
    messages.success(request, _("Your company account is no longer connected."))
    return redirect("mfa_index")


def _send_to_provider(request: HttpRequest, **parameters: str) -> HttpResponseBase:
    """Redirect to the provider. With parameters of the hub, the user comes back to confirm."""
    try:
        target = str(configuration()["authorization_endpoint"])
    except (ProviderError, KeyError) as error:
        return _failed(request, error)
    wanted = request.GET.get("next", "")
    is_safe = url_has_allowed_host_and_scheme(wanted, allowed_hosts=None)
    secret_values = {name: secrets.token_urlsafe(32) for name in ("state", "nonce", "verifier")}
    request.session[SESSION_NAME] = secret_values | {
        "next": wanted if is_safe else "",
        "user": request.user.pk,
        "begun_at": int(time.time()),
        "confirms": bool(parameters),
    }
    query = urlencode(_query(**secret_values) | parameters)
    return redirect(f"{target}{'&' if '?' in target else '?'}{query}")


def _query(state: str, nonce: str, verifier: str) -> dict[str, str]:
    """Return the parameters of the authorization request. The provider only learns a digest of the verifier."""
    return {
        "response_type": "code",
        "client_id": settings.OIDC_CLIENT_ID,
        "redirect_uri": _redirect_uri(),
        "scope": settings.OIDC_SCOPES,
        "state": state,
        "nonce": nonce,
        "code_challenge": urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }


def _redirect_uri() -> str:
    return site_url() + reverse("pages:company-callback")


def _failed(request: HttpRequest, error: Exception) -> HttpResponse:
    """Show why the sign-in failed. Details of the provider are for the log only."""
    log.warning("A sign-in with OpenID Connect failed. Cause: %s", error)
    reason = translated(error.message) if isinstance(error, Denied) else ""
    return render(request, "pages/company_failed.html", {"reason": reason}, status=403)
