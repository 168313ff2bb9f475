"""Admin of access keys, which open private downloads to people without an account."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.core.files.uploadhandler import MemoryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from unfold.widgets import (
    UnfoldAdminFileFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldBooleanSwitchWidget,
)

from downloads.models import AccessKey, Download
from downloads.policies import access_key_policy, manageable_access_keys
from releasehub.backoffice.base import HubForm, admin_actor
from releasehub.backoffice.filters import AccessKeyStateFilter
from releasehub.backoffice.issued_keys import IssuedKeyAdmin, revoking
from releasehub.core.actor import Actor
from releasehub.core.errors import DomainError
from releasehub.core.numbers import MAX_INTEGER
from releasehub.distribution.access_key_import import MAX_FILE_BYTES, ImportReport, import_access_keys, read_table
from releasehub.distribution.access_keys import issue_access_key, revoke_access_key


class AccessKeyForm(HubForm):
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

    download = forms.ModelChoiceField(queryset=Download.objects.none(), widget=UnfoldAdminSelectWidget)
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
        """Return the lines of the file."""
        file = self.cleaned_data["file"]
        if file.size > MAX_FILE_BYTES:
            raise forms.ValidationError(f"The file is larger than {MAX_FILE_BYTES} bytes. Split it.")
        try:
            return file.read().decode("utf-8-sig").splitlines(keepends=True)  # type: ignore[no-any-return]
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


@admin.register(AccessKey)
class AccessKeyAdmin(IssuedKeyAdmin):
    form = AccessKeyForm
    policy = access_key_policy
    download_path = ("download_id",)
    list_display = ("name", "prefix", "download", "shown_state", "uses_left", "highest_number", "expires_at")
    list_filter = (AccessKeyStateFilter,)
    list_select_related = ("download",)
    search_fields = ("name", "prefix", "download__title")
    autocomplete_fields = ("download",)
    row_actions = (revoking(revoke_access_key),)
    issued_title = "New access key"
    list_before_template = "admin/releasehub/import_link.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.import_view)
        return [path("import/", view, name="downloads_accesskey_import"), *super().get_urls()]

    @method_decorator(csrf_exempt)
    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Check the right to import, accept the file into memory, and only then let the CSRF check read the body.

        The middleware would read the body first, and refuse any file in it. The limit on ordinary bodies applies.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            request.upload_handlers = [TableUploadHandler(request)]
        return self._import(request)

    @method_decorator(csrf_protect)
    def _import(self, request: HttpRequest) -> HttpResponse:
        """Check a CSV file of existing keys, and import it if the user has asked for that."""
        actor = admin_actor(request)
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = ImportForm(*sent, downloads=Download.objects.team_managed_by(actor))
        report = None
        if form.is_valid():
            try:
                report = form.run(actor)
            except DomainError as error:
                form.add_error(error.field if error.field in form.fields else None, error.message)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": "Import access keys",
            "form": form,
            "report": report,
        }
        return TemplateResponse(request, "admin/releasehub/import_keys.html", context)

    def get_queryset(self, request: HttpRequest) -> Any:
        return manageable_access_keys(admin_actor(request)).order_by("-id")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request) and Download.objects.team_managed_by(admin_actor(request)).exists()

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return (*AccessKeyForm.Meta.fields, *(("prefix", "created_at", "revoked_at") if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.get_fields(request, obj) if obj else ()

    def issue(self, actor: Actor, values: dict[str, Any]) -> tuple[AccessKey, str]:
        fields = dict(values)
        return issue_access_key(actor=actor, uses=fields.pop("uses_left"), **fields)

    def state_of(self, row: AccessKey) -> str:
        return str(row.state.label).lower()

    def extra_context(self, request: HttpRequest, secret: str) -> dict[str, Any]:
        return {"share_link": request.build_absolute_uri(reverse("pages:share", args=[secret]))}
