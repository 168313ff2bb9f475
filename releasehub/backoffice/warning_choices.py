"""The form field in which a category says which warnings reject a file."""

from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from downloads.warning_kinds import WARNING_KINDS

NONE_OF_THEM = "none"


class RejectedWarningsField(forms.MultipleChoiceField):
    """Checkboxes for the kinds of warnings, and one to reject none of them.

    The value is None if nothing is selected, so that the category inherits the rule.
    """

    default_error_messages = {"contradiction": "Select either warnings, or that none of them rejects a file."}

    def __init__(self, **options: Any) -> None:
        super().__init__(
            choices=[*WARNING_KINDS.items(), (NONE_OF_THEM, "None of these, even if the parent rejects some")],
            required=False,
            label="Reject these",
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            help_text="Without a selection, the rule of the parent applies. A category without a rule rejects none.",
            **options,
        )

    def prepare_value(self, value: Any) -> Any:
        return [NONE_OF_THEM] if value == [] else value

    def clean(self, value: Any) -> list[str] | None:
        codes: list[str] = super().clean(value)
        if NONE_OF_THEM in codes and len(codes) > 1:
            raise forms.ValidationError(self.error_messages["contradiction"], code="contradiction")
        return _meaning(codes)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(initial != _meaning(data or []))


def _meaning(codes: list[str]) -> list[str] | None:
    return [code for code in codes if code != NONE_OF_THEM] if codes else None
