"""An admin class whose forms and lists are made for people."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from releasehub.backoffice.fields.cells import cell_of
from releasehub.backoffice.fields.sizes import SizeField
from releasehub.backoffice.fields.words import SuggestingInput, Suggestions, TagListField


class MarkdownWidget(UnfoldAdminTextareaWidget):
    """A text area with a preview of its Markdown, which the server renders."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        url = reverse("pages:desk-preview")
        return super().get_context(name, value, {**(attrs or {}), "data-preview": url})

    @property
    def media(self) -> forms.Media:
        script: Any = forms.Script("releasehub/editor.js", type="module")  # the stubs know only paths
        return forms.Media(js=[script])


class FriendlyFieldsMixin(ModelAdmin):
    """Words instead of JSON, sizes with units, suggestions, a preview of Markdown, and relative times in lists.

    Attributes:
        word_fields: JSON fields with lists of words, and the words to suggest.
        suggestions: Text fields, and the values to suggest.
        markdown_fields: Text fields with a preview.
    """

    word_fields: ClassVar[Mapping[str, Suggestions]] = {}
    suggestions: ClassVar[Mapping[str, Suggestions]] = {}
    markdown_fields: ClassVar[Iterable[str]] = ()

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        return friendly_field(self, db_field) or super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_list_display(self, request: HttpRequest) -> Any:
        return [cell_of(self.model, name, self) for name in super().get_list_display(request)]


def friendly_field(options: Any, db_field: Any) -> Any:
    """Return the form field for a field of the model, or None if Django's own is right."""
    name = db_field.name
    if name in options.word_fields:
        empty: Any = None if db_field.null else []
        return TagListField(empty=empty, suggestions=options.word_fields[name], **_texts(db_field))
    if isinstance(db_field, models.BigIntegerField | models.IntegerField) and name.endswith("_bytes"):
        return SizeField(**_texts(db_field))
    if name in options.suggestions:
        return db_field.formfield(widget=SuggestingInput(options.suggestions[name]))
    if name in options.markdown_fields:
        return db_field.formfield(widget=MarkdownWidget)
    return None


def _texts(db_field: Any) -> dict[str, Any]:
    label = str(db_field.verbose_name).removesuffix(" (bytes)")
    label = label[:1].upper() + label[1:]
    return {"label": label, "help_text": str(db_field.help_text), "required": not db_field.blank}
