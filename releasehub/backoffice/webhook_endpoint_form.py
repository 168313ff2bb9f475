"""The form of webhook endpoints in the admin."""

from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminURLInputWidget,
)

from releasehub.backoffice.base import HubForm
from releasehub.webhooks.authentication import MAX_NAME_CHARACTERS, MAX_SECRET_CHARACTERS, form_choices
from releasehub.webhooks.filters import EVERYTHING, KINDS, TRAFFIC, expand_names, single_names
from releasehub.webhooks.models import Endpoint


class EndpointAdminForm(HubForm):
    url = forms.URLField(label="URL", max_length=2000, assume_scheme="https", widget=UnfoldAdminURLInputWidget)
    events = forms.MultipleChoiceField(
        choices=[(name, name) for kind in (*KINDS, TRAFFIC) for name in (f"{kind}.*", *single_names(kind))],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Leave empty to receive all events except those of traffic, one for each download of a file.",
    )
    auth_type = forms.ChoiceField(
        label="Authentication",
        required=False,
        widget=UnfoldAdminSelectWidget,
        help_text="How the hub authenticates at the receiver.",
    )
    auth_name = forms.CharField(
        label="User name, or name of the header",
        max_length=MAX_NAME_CHARACTERS,
        required=False,
        widget=UnfoldAdminTextInputWidget,
    )
    auth_secret = forms.CharField(
        label="Password, or value of the header",
        max_length=MAX_SECRET_CHARACTERS,
        required=False,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}),
        help_text="It is stored encrypted and never shown again. A URL with another host removes it.",
    )

    class Meta:
        model = Endpoint
        fields = (
            *("url", "title", "description", "format", "events", "is_active", "verify_tls"),
            *("organization", "download_id"),
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["auth_type"].choices = form_choices(self.instance.auth_type)  # type: ignore[attr-defined]
        self.initial["events"] = sorted(expand_names(self.instance.events) - {EVERYTHING})
