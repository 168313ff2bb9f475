"""The page of the admin that anonymizes a user."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse

from downloads.models import Download
from releasehub.accounts.models import User
from releasehub.accounts.services.anonymizing import EFFECT, anonymize_user
from releasehub.accounts.user_policies import user_policy
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.confirming import ask_for_password
from releasehub.core.errors import DomainError


class AnonymizingMixin(ModelAdmin):
    """Adds a button to the page of a user, and the page behind it."""

    change_form_outer_before_template = "admin/releasehub/buttons.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.anonymize_view)
        return [path("<int:pk>/anonymize/", view, name="accounts_user_anonymize"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        user = kwargs.get("obj")
        if user is not None and self.offers_anonymization(request, user):
            action = {"label": "Anonymize", "erases": True}
            buttons = context.setdefault("row_actions", [])
            buttons.append((action, reverse("admin:accounts_user_anonymize", args=[user.pk])))
        return super().render_change_form(request, context, *args, **kwargs)

    def offers_anonymization(self, request: HttpRequest, user: User) -> bool:
        return user.anonymized_at is None and user_policy.allows("anonymize", admin_actor(request), user)

    def anonymize_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Say what happens, ask for the user name, and anonymize the account."""
        user = User.objects.filter(pk=pk).first()
        if user is None or not self.offers_anonymization(request, user):
            raise Http404
        error = ""
        if request.method == "POST":
            error = self._anonymize(request, user)
            if not error:
                return HttpResponseRedirect(reverse("admin:accounts_user_change", args=[pk]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": f"Anonymize {user}",
            "user_row": user,
            "effect": EFFECT,
            "owned": Download.all_objects.filter(owner=user).count(),
            "error": error,
        }
        return TemplateResponse(request, "admin/releasehub/anonymize.html", context)

    def _anonymize(self, request: HttpRequest, user: User) -> str:
        """Anonymize the user, or return why that did not happen."""
        if request.POST.get("confirmation", "").strip() != user.username:
            return f"The text does not match, so nothing has changed. Type {user.username} exactly."
        ask_for_password(request)
        try:
            changed = anonymize_user(actor=admin_actor(request), user=user, reason=request.POST.get("reason", ""))
        except DomainError as error:
            return error.message
        self.message_user(request, f"The account is anonymized and now called {changed}.", messages.SUCCESS)
        return ""
