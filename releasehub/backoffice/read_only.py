"""Base classes for rows that the admin shows but does not change."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet

from releasehub.backoffice.base import HubAdmin, admin_actor
from releasehub.backoffice.fields.admin import friendly_field
from releasehub.backoffice.fields.choices import RowChoicesMixin, offer_visible_rows
from releasehub.backoffice.fields.words import Suggestions
from releasehub.core.numbers import read_number
from releasehub.core.pagination import BoundedPaginator


class ReadOnlyAdmin(HubAdmin):
    """A read-only view of rows that only the services write, for moderators and staff who may view the model."""

    permission = "downloads.moderate_download"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        meta = self.model._meta
        actor = admin_actor(request)
        return actor.has_permission(self.permission) or actor.has_permission(f"{meta.app_label}.view_{meta.model_name}")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


MAX_NEW_ROWS = 50  # in one form
MAX_SHOWN_ROWS = 2_000


class LabelledInline(RowChoicesMixin, TabularInline):
    """Inline rows whose inputs carry the name of their column, which only stands at the top of the table."""

    word_fields: ClassVar[Mapping[str, Suggestions]] = {}
    suggestions: ClassVar[Mapping[str, Suggestions]] = {}
    markdown_fields: ClassVar[Iterable[str]] = ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        field = friendly_field(self, db_field) or super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs.setdefault("aria-label", field.label or db_field.verbose_name)
        return field

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        rows = self.model._base_manager
        present = rows.filter(**{formset.fk.name: obj}) if obj else rows.none()
        if request.method == "POST":
            # The form states its number of rows. Django would make up to 2,000, which takes seconds.
            shown = getattr(self, "per_page", None) or present[:MAX_SHOWN_ROWS].count()
            formset.max_num = formset.absolute_max = shown + MAX_NEW_ROWS
        offer_visible_rows(formset.form, request, self, present)
        return formset


class BoundedFormSet(PaginationInlineFormSet):
    """Pages of rows of which at most 10,000 are counted. A download can have millions of versions."""

    def __init__(self, *args: Any, per_page: int | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)  # without `per_page`, which would count all rows
        if per_page:
            self.per_page, self.paginator = per_page, BoundedPaginator(self.queryset, per_page)
            self.page = self.get_page(self.paginator, self.get_page_num())
            self._queryset = self.page.object_list

    def get_page_num(self) -> int:
        """Return the page that the request names. A value that is not a number stands for the first page."""
        key = self.get_pagination_key()
        return read_number(self.request.GET.get(key) or self.request.POST.get(key) or "") or 1


class ReadOnlyInline(LabelledInline):
    """Rows on the page of another row that every viewer of that page may see, and that have pages of their own."""

    formset = BoundedFormSet
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
