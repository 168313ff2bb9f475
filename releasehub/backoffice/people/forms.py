"""Forms of the steps that staff take on an account."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from releasehub.accounts.models import User
from releasehub.accounts.people import find_active_user
from releasehub.accounts.personal_data import counted

MAX_REASON_CHARACTERS = 500


class StepForm(forms.Form):
    """The form of a step that needs nothing but a reason."""

    reason = forms.CharField(
        max_length=MAX_REASON_CHARACTERS,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Stored in the audit log. Do not enter personal data that the log does not already contain.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)


class ConfirmedForm(StepForm):
    """A form in which the user name of the account has to be typed."""

    confirmation = forms.CharField(max_length=150, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["confirmation"].label = f"Type {self.user.username} to confirm"

    def clean_confirmation(self) -> str:
        text: str = self.cleaned_data["confirmation"]
        if text.strip() != self.user.username:
            raise forms.ValidationError(
                f"The text does not match, so nothing has changed. Type {self.user.username} exactly."
            )
        return text


class OtherAccountForm(StepForm):
    to = forms.CharField(
        label="Other account",
        max_length=254,
        widget=UnfoldAdminTextInputWidget,
        help_text="User name or e-mail address.",
    )

    def clean_to(self) -> User:
        name = self.cleaned_data["to"].strip()
        if (user := find_active_user(name)) is None:
            raise forms.ValidationError(
                f"No active account has the user name or e-mail address {name}. Check the spelling."
            )
        return user


class TransferForm(OtherAccountForm):
    kinds = forms.MultipleChoiceField(label="Transfer", widget=UnfoldAdminCheckboxSelectMultipleWidget)
    field_order = ("to", "kinds", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [
            (row.name, f"{capfirst(row.label)}: {number}") for row, number in counted(self.user, transferable=True)
        ]
        field: Any = self.fields["kinds"]
        field.choices, field.initial = choices, [name for name, _ in choices]


class MergeForm(OtherAccountForm, ConfirmedForm):
    anonymize = forms.BooleanField(
        label="Anonymize this account afterwards",
        required=False,
        widget=UnfoldBooleanSwitchWidget,
        help_text="If this is not selected, the account is only disabled.",
    )
    field_order = ("to", "anonymize", "reason", "confirmation")
