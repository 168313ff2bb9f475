"""Text fields that suggest values, and lists of words that are entered as text instead of JSON."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

Suggestions = Callable[[], Iterable[str]] | Iterable[str]


class SuggestingInput(UnfoldAdminTextInputWidget):
    """A text input with a list of suggestions, which the browser shows. Any other text is allowed."""

    def __init__(self, suggestions: Suggestions, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.suggestions = suggestions

    def values(self) -> list[str]:
        return list(self.suggestions() if callable(self.suggestions) else self.suggestions)

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        list_id = f"{(attrs or {}).get('id', name)}_suggestions"
        options = format_html_join("", '<option value="{}"></option>', ((text,) for text in self.values()))
        rendered = super().render(name, value, {**(attrs or {}), "list": list_id}, renderer)
        return format_html('{}<datalist id="{}">{}</datalist>', rendered, list_id, options)


class TagsInput(SuggestingInput):
    """A text input for words between commas. A script shows them as tags, with suggestions for the next one."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        more = {**(attrs or {}), "data-words": json.dumps(self.values())}
        return UnfoldAdminTextInputWidget.render(self, name, value, more, renderer)


class TagListField(forms.CharField):
    """A list of words. Without a word, the value is `empty`, which is an empty list or None."""

    widget: Any = TagsInput

    def __init__(self, *, empty: Any = None, suggestions: Suggestions = (), **options: Any) -> None:
        options.setdefault("widget", TagsInput(suggestions))
        options["help_text"] = f"{options.get('help_text') or ''} Separate several with commas.".strip()
        super().__init__(**options)
        self.empty = empty

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(map(str, value)) if isinstance(value, list | tuple) else value

    def to_python(self, value: Any) -> Any:
        words = [word.strip() for word in str(value or "").split(",")]
        return list(dict.fromkeys(filter(None, words))) or self.empty

    def validate(self, value: Any) -> None:
        super().validate(value or "")

    def run_validators(self, value: Any) -> None:
        """Validate nothing here: the service checks the words and their number."""

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(self.to_python(data) != (initial or self.empty))
