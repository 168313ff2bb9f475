"""Base classes of the admin: permissions come from the policies, and changes go through the services."""

from typing import Any, ClassVar

from django.contrib import messages
from django.contrib.admin.models import LogEntry
from django.db import models
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from releasehub.backoffice.fields.admin import FriendlyFieldsMixin
from releasehub.backoffice.fields.choices import RowChoicesMixin, offer_visible_rows
from releasehub.backoffice.lists.tools import ListToolsMixin
from releasehub.backoffice.pages import model_url
from releasehub.core.actor import Actor, Origin
from releasehub.core.errors import DomainError
from releasehub.core.pagination import BoundedPaginator
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


class HubAdmin(FriendlyFieldsMixin, RowChoicesMixin, ListToolsMixin):
    """Base class of all admin classes.

    The admin's own log and deletion are disabled, because the audit log and the services replace them.
    """

    form = HubForm
    list_per_page = 50
    show_full_result_count = False
    paginator = BoundedPaginator
    list_fullwidth = True
    compressed_fields = True
    warn_unsaved_form = False
    # The theme asks for it at each field, and Django's templates search long for attributes that do not exist.
    conditional_fields: ClassVar[dict[str, str]] = {}

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
        present = self.model._base_manager.filter(pk=obj.pk) if obj else self.model._base_manager.none()
        offer_visible_rows(form, request, self, present)
        error = getattr(request, ERROR_ATTRIBUTE, None)
        return type(form.__name__, (form,), {"domain_error": error}) if error else form

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Show the form again with the error if a service rejects a change. The whole transaction is rolled back."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as error:
            setattr(request, ERROR_ATTRIBUTE, error)
            return super().changeform_view(request, object_id, form_url, extra_context)

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list again with the error if a service rejects an action of its menu."""
        try:
            return super().changelist_view(request, extra_context)
        except DomainError as error:
            return self._refusal_response(request, error, request.get_full_path())

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Return to the list with the error if a service refuses to delete the row."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except DomainError as error:
            return self._refusal_response(request, error, model_url(self.model, "changelist"))

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
