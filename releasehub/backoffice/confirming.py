"""Asking staff for their password before they change who can sign in and what accounts may do.

Otherwise, a browser that is left signed in would be enough to choose a new password for its own account, and then to
confirm everything else with it.
"""

from typing import Any

from allauth.account.internal.flows.reauthentication import (
    is_reauthentication_required,
    raise_if_reauthentication_required,
)
from allauth.core.exceptions import ImmediateHttpResponse
from django.contrib.admin import ModelAdmin
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

APP = "allauth.mfa"


def ask_for_password(request: HttpRequest) -> None:
    """Send the user to the page that asks for the password, unless that was less than ten minutes ago.

    A form goes on afterwards with what was entered.
    """
    raise_if_reauthentication_required(request, app=APP)


def ask_before_form(request: HttpRequest) -> None:
    """Ask for the password before a form is shown that contains another password.

    If the confirmation has expired when the form is sent, the form is shown again, empty: allauth would store it in the
    session, with the password in it.
    """
    if request.method == "POST" and is_reauthentication_required(request, app=APP):
        raise ImmediateHttpResponse(redirect(request.get_full_path()))
    raise_if_reauthentication_required(request, app=APP)


class ConfirmedChangesMixin(ModelAdmin):
    """Asks for the password before a row is added or changed."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        if request.method == "POST" and self.may_save(request, object_id):
            ask_for_password(request)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def may_save(self, request: HttpRequest, object_id: str | None) -> bool:
        """Return whether the user may add a row, or change the one with this ID. Others need no question."""
        if object_id is None:
            return bool(self.has_add_permission(request))
        row = self.get_object(request, unquote(object_id))
        return row is not None and bool(self.has_change_permission(request, row))
