"""The admin site: sign-in and permissions of autocomplete fields."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.views.autocomplete import AutocompleteJsonView
from django.http import HttpRequest, HttpResponseBase
from unfold.sites import UnfoldAdminSite

from releasehub.backoffice.sign_in import AdminSignInForm


class HubAdminSite(UnfoldAdminSite):
    login_form = AdminSignInForm

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
