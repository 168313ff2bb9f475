"""Forms that issue and filter access keys. Days are in the time zone of the visitor."""

from __future__ import annotations

from datetime import datetime, time
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from downloads.models import AccessKey, Download
from releasehub.core.actor import Actor
from releasehub.core.numbers import MAX_INTEGER
from releasehub.pages.forms import MAX_CHOICES, ServiceForm, managed_downloads
from versions.schemes import MAX_NUMBER_CHARACTERS

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

EVERY = ("", _("all"))


class DownloadField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable when it runs
    """A choice among the downloads that the actor manages.

    The list contains a few hundred downloads at most. Others are selected by a link from the page of the download.
    """

    def narrow(self, actor: Actor, selected_id: Any, *, first: tuple[str, StrOrPromise]) -> None:
        """Limit the choices to the downloads that the actor manages.

        Args:
            selected_id: The ID that was submitted or that a link contains. It is offered even if the list is too short
                for it.
        """
        self.queryset = managed_downloads(actor)
        rows = list(self.queryset.only("title")[: MAX_CHOICES + 1])
        choices = {str(row.pk): row.title for row in rows[:MAX_CHOICES]}
        if len(rows) > MAX_CHOICES and str(selected_id) not in choices:
            choices |= {str(row.pk): row.title for row in [self._find(selected_id)] if row}
        self.widget.choices = [first, *choices.items()]
        self.has_choice = bool(choices)

    def _find(self, selected_id: Any) -> Download | None:
        try:
            download: Download | None = self.clean(selected_id or "0")
        except forms.ValidationError:
            return None
        return download


class AccessKeyFilter(forms.Form):
    """A filter for the list of access keys. An invalid value is ignored."""

    download = DownloadField(label=_("Download"), queryset=Download.objects.none(), required=False)
    state = forms.ChoiceField(label=_("State"), choices=[EVERY, *AccessKey.State.choices], required=False)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["download"].narrow(actor, self.data.get("download"), first=EVERY)  # type: ignore[attr-defined]

    def selection(self) -> dict[str, Any]:
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class KeyLimitsForm(ServiceForm):
    """The name of an access key or preview link, and when it ends."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("The person or device that gets the key. Only you and your team can see the name."),
    )
    expires_at = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_(
            "The key is valid until the end of this day in your time zone. Leave empty for a key that does not expire."
        ),
    )
    uses = forms.IntegerField(
        label=_("Number of downloads"),
        min_value=1,
        max_value=MAX_INTEGER,
        required=False,
        help_text=_(
            "Leave empty for an unlimited number. Downloading the same file again within an hour is not counted."
        ),
    )

    def clean_expires_at(self) -> datetime | None:
        day = self.cleaned_data["expires_at"]
        return datetime.combine(day, time(23, 59, 59), timezone.get_current_timezone()) if day else None


class AccessKeyForm(KeyLimitsForm):
    download = DownloadField(label=_("Download"), queryset=Download.objects.none())
    highest_number = forms.CharField(
        label=_("Highest version"),
        max_length=MAX_NUMBER_CHARACTERS,
        required=False,
        help_text=_(
            "The highest version that the key gives access to. 1.4 includes 1.4.9. Leave empty for all versions."
        ),
    )
    field_order = ("download",)

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field, selected_id = self.fields["download"], self["download"].value()
        field.narrow(actor, selected_id, first=("", _("Choose a download")))  # type: ignore[attr-defined]
        self.has_choice = field.has_choice  # type: ignore[attr-defined]


class PreviewLinkForm(KeyLimitsForm):
    """A link that shows testers a version before it is published."""

    name = forms.CharField(
        label=_("Name"),
        max_length=100,
        help_text=_("The people who get the link, such as “Beta testers”. Only your team can see the name."),
    )
    expires_at = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        help_text=_("The link works until the end of this day in your time zone, and until the version is published."),
    )
    field_order = ("name", "expires_at", "uses")
