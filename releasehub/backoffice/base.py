"""Base classes of the admin: permissions come from the policies, and changes go through the services."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.admin import ModelAdmin

from releasehub.core.actor import Actor, Origin
from releasehub.core.errors import DomainError, domain_error_of
from releasehub.core.policy import Policy
from releasehub.core.requests import actor_of

ERROR_ATTRIBUTE = "releasehub_domain_error"


def admin_actor(request: HttpRequest) -> Actor:
    return actor_of(request, origin=Origin.ADMIN)


class HubForm(ModelForm):
    """A form that shows the error of a service next to the field it concerns, and keeps everything that was entered."""

    domain_error: ClassVar[DomainError | None] = None

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if error := self.domain_error:
            self.add_error(error.field if error.field in self.fields else None, error.message)
        return cleaned


class HubAdmin(ModelAdmin):
    """Base class of all admin classes.

    The admin's own log and deletion are disabled, because the audit log and the services replace them.
    """

    form = HubForm
    list_per_page = 50
    show_full_result_count = False
    list_fullwidth = True
    compressed_fields = True
    warn_unsaved_form = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.is_staff)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        if isinstance(db_field, models.URLField):
            kwargs["assume_scheme"] = "https"
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry | None:
        return None

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> LogEntry | None:
        return None

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        error = getattr(request, ERROR_ATTRIBUTE, None)
        return type(form.__name__, (form,), {"domain_error": error}) if error else form

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the form again with the error if a service rejects a change. The whole transaction is rolled back."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[no-any-return]
        except DomainError as error:
            setattr(request, ERROR_ATTRIBUTE, error)
            return super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[no-any-return]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list again with the error if a service rejects an action of its menu."""
        try:
            return super().changelist_view(request, extra_context)  # type: ignore[no-any-return]
        except DomainError as error:
            return self._refusal_response(request, error, request.get_full_path())

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Return to the list with the error if a service refuses to delete the row."""
        try:
            return super().delete_view(request, object_id, extra_context)  # type: ignore[no-any-return]
        except DomainError as error:
            meta = self.model._meta
            return self._refusal_response(
                request, error, reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
            )

    def delete_queryset(self, request: HttpRequest, queryset: Any) -> None:
        for row in queryset:
            self.delete_model(request, row)

    def _refusal_response(self, request: HttpRequest, error: DomainError, url: str) -> HttpResponse:
        self.message_user(request, error.message, messages.ERROR)
        return HttpResponseRedirect(url)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Pass only the changed fields to the service. A new object takes the identity of the row the service made."""
        values = {name: form.cleaned_data[name] for name in form.changed_data if name in form.cleaned_data}
        if change:
            self.update(admin_actor(request), obj, values)
        else:
            created = self.create(admin_actor(request), form.cleaned_data)
            obj.__dict__.update(created.__dict__)

    def create(self, actor: Actor, values: dict[str, Any]) -> models.Model:
        raise NotImplementedError

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        raise NotImplementedError


class PolicyModelAdmin(HubAdmin):
    """An admin class whose `policy` decides about the permissions for a row.

    The list contains all rows that the actor may see, including deleted ones.
    """

    policy: ClassVar[Policy[Any]]

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request) and (obj is None or self.policy.can_view(admin_actor(request), obj))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if not self.has_view_permission(request, obj):
            return False
        return obj is None or bool(self.policy.can_edit(admin_actor(request), obj))  # type: ignore[attr-defined]

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = self.model.all_objects.visible_to(admin_actor(request))
        return rows.order_by(*(self.get_ordering(request) or ()))

    def each(self, request: HttpRequest, rows: Any, act: Callable[[Any], object], result: str) -> None:
        """Run `act` on each row separately, then show how many rows succeeded and the error of every other row."""
        worked = 0
        for row in rows:
            try:
                act(row)
                worked += 1
            except Exception as error:
                refusal = domain_error_of(error)
                if refusal is None:
                    raise
                self.message_user(request, f"{row}: {refusal.message}", messages.ERROR)
        if worked:
            self.message_user(request, f"{worked} {result}.", messages.SUCCESS)


class ReadOnlyAdmin(HubAdmin):
    """A read-only view, for site administrators and moderators, of rows that only the services write."""

    permission = "downloads.moderate_download"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin_actor(request).has_permission(self.permission)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
