"""The rows that a form of the admin offers and accepts in a field that refers to other rows."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.admin.options import BaseModelAdmin
from django.contrib.admin.widgets import AutocompleteMixin, AutocompleteSelect, AutocompleteSelectMultiple
from django.db.models import Q, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest

from releasehub.core.numbers import read_number


class KeysOnlyMixin(AutocompleteMixin):
    """Show the chosen rows. Values that cannot be primary keys are left out, because the database refuses them.

    They come from URLs and from forms that are shown again with an error.
    """

    def optgroups(self, name: str, value: Sequence[str], attr: Any = None) -> Any:
        return super().optgroups(name, [key for key in value if read_number(str(key)) is not None], attr)


class RowSelect(KeysOnlyMixin, AutocompleteSelect):
    pass


class RowSelectMultiple(KeysOnlyMixin, AutocompleteSelectMultiple):
    pass


class RowChoicesMixin:
    """Uses the widgets above for the fields in `autocomplete_fields` of an admin class or of a table in its forms."""

    admin_site: AdminSite
    get_autocomplete_fields: Any

    def formfield_for_foreignkey(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", RowSelect(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs.setdefault("widget", RowSelectMultiple(db_field, self.admin_site, using=kwargs.get("using")))
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]


def offer_visible_rows(form: Any, request: HttpRequest, options: BaseModelAdmin[Any], present: QuerySet[Any]) -> None:
    """Limit the choices of a form class to the rows that the lists of the admin show to the user.

    Django accepts every row, and a form that is shown again names the row that was chosen. With a guessed ID, a user
    would read the title of a hidden download, even if the service refuses the change.

    Args:
        form: The class. Its fields are replaced, because classes share the fields that are declared.
        present: The rows that the form changes. What they refer to stays valid.
    """
    for name, field in form.base_fields.items():
        rows = field.queryset if isinstance(field, ModelChoiceField) else None
        if rows is None:
            continue
        model = rows.model
        if not options.admin_site.is_registered(model):
            continue
        listed = options.admin_site.get_model_admin(model).get_queryset(request)
        is_offered = Q(pk__in=listed.order_by().values("pk"))
        if name in {column.name for column in present.model._meta.get_fields()}:
            is_offered |= Q(pk__in=present.order_by().values(name))
        form.base_fields[name] = deepcopy(field)
        form.base_fields[name].queryset = rows.filter(is_offered)
