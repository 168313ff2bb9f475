"""Help for people who cannot sign in: one-time links."""

from typing import Any

from django.contrib.admin import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse

from releasehub.accounts.models import User
from releasehub.accounts.services.one_time_links import MAX_NOTE_CHARACTERS, create_password_link, create_sign_up_link
from releasehub.accounts.user_policies import user_policy
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.confirming import ask_for_password
from releasehub.backoffice.pages import admin_page
from releasehub.core.site import site_url

PAGES = {
    "password_link": {
        "title": "Link to choose a new password",
        "text": "The holder of the link can choose a new password for this account once, within 24 hours. All browsers "
        "are signed out then. Second factors stay.",
        "button": "Make the link",
    },
    "sign_up_link": {
        "title": "Invite somebody to create an account",
        "text": "The holder of the link can create one account, within 7 days.",
        "button": "Make the link",
    },
}


class AccountHelpMixin(ModelAdmin):
    """Adds a button to the page of a user and one to the list of users, and the pages behind them."""

    change_list_template = "admin/releasehub/users.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view
        return [
            path("invite/", view(self.sign_up_link_view), name="accounts_user_invite"),
            path("<int:pk>/password-link/", view(self.password_link_view), name="accounts_user_password_link"),
            *super().get_urls(),
        ]

    def offers_link(self, request: HttpRequest, user: User) -> bool:
        return user.is_active and user_policy.allows("change", admin_actor(request), user)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        user = kwargs.get("obj")
        if user is not None and self.offers_link(request, user):
            button = {"label": PAGES["password_link"]["title"]}
            context["row_actions"] = [(button, reverse("admin:accounts_user_password_link", args=[user.pk]))]
        return super().render_change_form(request, context, *args, **kwargs)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"can_invite": user_policy.can_invite_to_sign_up(admin_actor(request))}
        return super().changelist_view(request, context | (extra_context or {}))

    def password_link_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        user = User.objects.filter(pk=pk).first()
        if user is None or not self.offers_link(request, user):
            raise Http404
        ask_for_password(request)
        link = ""
        if request.method == "POST":
            token = create_password_link(actor=admin_actor(request), user=user)
            link = site_url() + reverse("pages:password-by-link", args=[token])
        return self._page(request, "password_link", subject=user, link=link)

    def sign_up_link_view(self, request: HttpRequest) -> HttpResponse:
        if not user_policy.can_invite_to_sign_up(admin_actor(request)):
            raise Http404
        link = ""
        if request.method == "POST":
            token = create_sign_up_link(actor=admin_actor(request), note=request.POST.get("note", ""))
            link = site_url() + reverse("pages:sign-up-by-link", args=[token])
        return self._page(request, "sign_up_link", link=link, note_label="For whom (shown in the audit log)")

    def _page(self, request: HttpRequest, name: str, subject: User | None = None, **context: Any) -> HttpResponse:
        context |= PAGES[name] | {"subject": subject, "note_size": MAX_NOTE_CHARACTERS}
        return admin_page(request, "releasehub/account_help", model=self.model, is_secret=True, **context)
