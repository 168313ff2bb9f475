"""Pages about what protects an account: password, second factors, passkeys and signed-in browsers."""

from typing import Any

from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.account.views import PasswordResetView, PasswordSetView
from allauth.mfa.base.views import IndexView
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from releasehub.accounts.browsers import browsers_of, describe_browser, sign_out_browser, sign_out_elsewhere
from releasehub.core.requests import actor_of
from releasehub.pages.form_pages import account_action, account_page

MAX_BROWSERS = 100


class SecurityView(IndexView):
    """The overview of password, second factors and passkeys."""

    http_method_names = ["get", "head", "options"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        user = self.request.user
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["company_name"] = settings.OIDC_NAME if settings.OIDC_ISSUER else ""
        context["has_company"] = bool(settings.OIDC_ISSUER) and user.company_identities.exists()
        context["has_password"] = user.has_usable_password()
        return context


class ResetPasswordView(PasswordResetView):
    """Ask for a link by e-mail. Without a mail server, the page says who else can help."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["sends_mail"] = bool(settings.EMAIL_HOST)
        return context

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.EMAIL_HOST:
            return self.http_method_not_allowed(request)
        return super().post(request, *args, **kwargs)

    def form_invalid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        if form.has_error("email", "too_many"):
            response.status_code = 429
        return response


class SetPasswordView(PasswordSetView):
    """Set the first password of a user who signs in at a provider or with a passkey."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Show the empty form again if the user has to confirm first.

        allauth would store the form in the session until then, with the password in it.
        """
        if request.method == "POST" and is_reauthentication_required(request, app="allauth.account"):
            return redirect("account_set_password")
        return super().dispatch(request, *args, **kwargs)


@account_page
def browsers(request: HttpRequest) -> HttpResponse:
    """List the browsers in which the user is signed in."""
    rows = browsers_of(request.user)[:MAX_BROWSERS]  # type: ignore[arg-type]
    current = request.session.session_key
    listed = [(row, describe_browser(row.user_agent), row.session_id == current) for row in rows]
    return render(request, "pages/browsers.html", {"browsers": listed})


@account_action
def end_browser(request: HttpRequest, pk: int) -> HttpResponseBase:
    sign_out_browser(actor=actor_of(request), browser_id=pk)
    messages.success(request, _("The browser was signed out."))
    return redirect("pages:browsers")


@account_action
def end_other_browsers(request: HttpRequest) -> HttpResponse:
    number = sign_out_elsewhere(request=request, user=request.user)  # type: ignore[arg-type]
    text = ngettext("Signed out in %(number)s other browser.", "Signed out in %(number)s other browsers.", number)
    messages.success(request, text % {"number": number})
    return redirect("pages:browsers")
