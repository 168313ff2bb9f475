"""Forms of access keys in the admin: one key, and the import of a table."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.files.uploadhandler import MemoryFileUploadHandler
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminIntegerFieldWidget, UnfoldBooleanSwitchWidget

from downloads.models import AccessKey, Download
from releasehub.backoffice.base import HubForm
from releasehub.backoffice.fields.choices import RowSelect
from releasehub.core.actor import Actor
from releasehub.core.numbers import MAX_INTEGER
from releasehub.distribution.access_key_import import MAX_FILE_BYTES, ImportReport, import_access_keys, read_table


class AccessKeyAdminForm(HubForm):
    uses_left = forms.IntegerField(
        label="Number of downloads",
        min_value=1,
        max_value=MAX_INTEGER,
        required=False,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Leave empty for an unlimited number of downloads.",
    )

    class Meta:
        model = AccessKey
        fields = ("download", "name", "expires_at", "uses_left", "highest_number")
        help_texts = {
            "name": "The person or device that gets the key.",
            "expires_at": "Leave empty for a key that does not expire.",
            "highest_number": (
                "The highest version that the key gives access to. 1.4 includes 1.4.9. Leave empty for all versions."
            ),
        }


class TableUploadHandler(MemoryFileUploadHandler):
    """Keep the file in memory. The hub turns that off for all other files; the limit on bodies bounds this one."""

    def handle_raw_input(self, *args: Any, **kwargs: Any) -> None:
        self.activated = True


class ImportForm(forms.Form):
    """A CSV file of keys for one download. The first submission only checks it, unless the user decides otherwise."""

    download = forms.ModelChoiceField(
        queryset=Download.objects.none(),
        widget=RowSelect(AccessKey._meta.get_field("download"), admin.site),
    )
    file = forms.FileField(
        label="CSV file",
        widget=UnfoldAdminFileFieldWidget,
        help_text="The first line names the columns: key, and optionally name, expires_at, uses and highest_number.",
    )
    dry_run = forms.BooleanField(
        label="Only check the file", required=False, initial=True, widget=UnfoldBooleanSwitchWidget
    )
    skip_invalid = forms.BooleanField(
        label="Import the valid lines if others are invalid", required=False, widget=UnfoldBooleanSwitchWidget
    )

    def __init__(self, *args: Any, downloads: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["download"].queryset = downloads  # type: ignore[attr-defined]

    def clean_file(self) -> list[str]:
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_BYTES:
            raise forms.ValidationError(f"The file is larger than {MAX_FILE_BYTES} bytes. Split it.")
        try:
            return file.read().decode("utf-8-sig").splitlines(keepends=True)
        except UnicodeDecodeError as error:
            raise forms.ValidationError("The file is not UTF-8 text. Save it as CSV in UTF-8.") from error

    def run(self, actor: Actor) -> ImportReport:
        values = self.cleaned_data
        return import_access_keys(
            actor=actor,
            download=values["download"],
            rows=read_table(values["file"]),
            dry_run=values["dry_run"],
            skip_invalid=values["skip_invalid"],
        )
