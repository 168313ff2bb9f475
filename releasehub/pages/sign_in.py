"""The page for signing in, and the page to which django-allauth redirects after a change of passkeys."""

from typing import Any

from allauth.account.views import LoginView
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from releasehub.accounts.backends import TOO_MANY
from releasehub.accounts.sign_up import is_open_for


class SignInView(LoginView):
    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["company_name"] = settings.OIDC_NAME if settings.OIDC_ISSUER else ""
        context["can_sign_up"] = is_open_for(self.request)
        return context

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        if form.has_error(NON_FIELD_ERRORS, "too_many"):
            response.status_code = 429
            response["Retry-After"] = str(self.request.META[TOO_MANY])
        return response


@require_safe
def passkeys(request: HttpRequest) -> HttpResponse:
    """Lead to the page with the passkeys. allauth redirects here after a change."""
    return redirect("mfa_index")
