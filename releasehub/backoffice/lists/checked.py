"""The filters, selected rows and forms that the admin takes from a request."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import BadRequest, FieldDoesNotExist
from django.db.models import BinaryField, CharField, Field, TextField
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from releasehub.core.numbers import read_number

EQUALITY = frozenset({"", "exact", "isnull", "isempty"})
ORDER = frozenset({"gt", "gte", "lt", "lte", "year", "month", "day"})


class CheckedListMixin(ModelAdmin):
    """Refuses what the list and the forms of an admin class do not offer."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Return whether the filters of lists, or links of the hub, use such a lookup.

        Django accepts every lookup on every column of the model. A pattern could then keep the database busy for
        minutes, some lookups fail in the database, and a column that no page shows could be read letter by letter.
        """
        field, rest = self._field_of(lookup)
        if field is not None:
            is_hidden = field.name in (self.exclude or ()) or isinstance(field, BinaryField)
            has_order = not isinstance(field, CharField | TextField)
            if is_hidden or rest not in (EQUALITY | ORDER if has_order else EQUALITY):
                return False
        return bool(super().lookup_allowed(lookup, value, request))

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show or save a row.

        Raises:
            BadRequest: The form asks to be saved as a new row, which no page offers. Django would do so without what
                `add_view` checks first, such as the password of a user who issues an API key.
        """
        if "_saveasnew" in request.POST and not self.save_as:
            raise BadRequest
        return super().changeform_view(request, *args, **kwargs)

    def response_action(self, request: HttpRequest, queryset: Any, *args: Any, **options: Any) -> HttpResponse | None:
        """Run an action on the selected rows.

        Raises:
            BadRequest: A selected row is not the key of any row, so no page of the admin sent this form.
        """
        if any(read_number(key) is None for key in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            raise BadRequest
        return super().response_action(request, queryset, *args, **options)

    def _field_of(self, lookup: str) -> tuple[Field[Any, Any] | None, str]:
        """Split a lookup into its column and the rest; other parameters of filters have no column."""
        model, found, parts = self.model, None, lookup.split("__")
        while parts and model is not None:
            try:
                field: Any = model._meta.pk if parts[0] == "pk" else model._meta.get_field(parts[0])
            except FieldDoesNotExist:
                break
            found, parts, model = field, parts[1:], field.related_model
        return found, "__".join(parts)
