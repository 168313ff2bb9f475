"""Pages that sign in, create an account, and those behind one-time links."""

from typing import Any

from allauth.account.views import LoginView, SignupView
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from releasehub.accounts.backends import TOO_MANY
from releasehub.accounts.forms import ChoosePasswordForm
from releasehub.accounts.models import OneTimeLink
from releasehub.accounts.services.one_time_links import choose_password, find_link
from releasehub.accounts.sign_up import SESSION_TOKEN, admission_by_token, is_open_for
from releasehub.core.domain_messages import translated
from releasehub.core.errors import DomainError, NotFound
from releasehub.core.requests import actor_of
from releasehub.pages.form_pages import form_page, require_form_methods
from releasehub.pages.secret_urls import keep_secret


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


class SignUpView(SignupView):
    def form_valid(self, form: Any) -> HttpResponse:
        """Create the account, unless the invitation ended since the form was opened."""
        try:
            response: HttpResponse = super().form_valid(form)
        except DomainError as error:
            form.add_error(None, translated(error.message))
            return self.form_invalid(form)
        return response

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 429 if form.has_error(NON_FIELD_ERRORS, "too_many") else 400
        return response

    def closed(self) -> HttpResponse:
        context = {"takes_invitations": settings.SIGN_UP == "invitation"}
        return render(self.request, self.template_name_signup_closed, context, status=403)


@require_safe
def by_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Remember the invitation and lead to the form. Only creating the account uses up the link."""
    if admission_by_token(token) is None:
        raise NotFound
    request.session[SESSION_TOKEN] = token
    return keep_secret(redirect("account_signup"))


@require_form_methods
def password_by_link(request: HttpRequest, token: str) -> HttpResponseBase:
    """Let the holder of a one-time link choose a new password."""
    link = find_link(OneTimeLink.Kind.PASSWORD, token)
    if link.user is None:
        raise NotFound
    form = ChoosePasswordForm(request.POST if request.method == "POST" else None, user=link.user)
    if form.is_valid():
        choose_password(actor=actor_of(request), token=token, password=form.cleaned_data["password"])
        messages.success(request, _("The password was changed. Sign in with it."))
        return keep_secret(redirect("account_login"))
    context = {"username": link.user.username}
    return keep_secret(form_page(request, "pages/choose_password.html", form, **context))
