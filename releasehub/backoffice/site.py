"""The admin site: sign-in and permissions of autocomplete fields."""

from functools import partial
from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme
from unfold.sites import UnfoldAdminSite

from releasehub.backoffice.dashboard.views import dashboard_context
from releasehub.backoffice.global_search import find_view
from releasehub.backoffice.moderation import views as moderation
from releasehub.backoffice.timeline import views as timeline


class HubAdminSite(UnfoldAdminSite):
    index_template = "admin/dashboard/index.html"

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send people to the sign-in page of the hub, where passkeys and second factors hold for the admin too.

        A signed-in user without access is told so.
        """
        target = request.GET.get(REDIRECT_FIELD_NAME, "")
        if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
            target = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(target)
        if self.has_permission(request):
            return redirect(target)
        return render(request, "admin/no_access.html", {"next": reverse("account_login")}, status=403)

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Send staff to the page of the account, which limits attempts, reports the change and ends other sessions."""
        return redirect("account_change_password")

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Show the dashboard above the models."""
        return super().index(request, {**(extra_context or {}), **dashboard_context(request)})

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return the models that the user may open, which are looked up when the list is used for the first time.

        Django puts the list into the context of every page, and few pages show it. Asking for the permissions of all
        models took a twelfth of the CPU time of a page.
        """
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def get_urls(self) -> list[Any]:
        return [
            path("find/", self.admin_view(find_view), name="find"),
            path("moderation/", self.admin_view(moderation.queue), name="moderation"),
            path("timeline/<slug:name>/<int:pk>/", self.admin_view(timeline.timeline), name="timeline"),
            *super().get_urls(),
        ]

    def autocomplete_view(self, request: HttpRequest) -> HttpResponseBase:
        return LookupView.as_view(admin_site=self)(request)


class LookupView(AutocompleteJsonView):
    """Search in a field that refers to other rows.

    Django requires the permission to view the other model. A user who manages the team of a download has to find users
    without the permission to see their accounts, so an admin class may allow more by `has_lookup_permission`.
    """

    def has_perm(self, request: HttpRequest, obj: Any = None) -> bool:
        may_look_up = getattr(self.model_admin, "has_lookup_permission", None)
        return bool(super().has_perm(request, obj)) or (may_look_up is not None and may_look_up(request))
