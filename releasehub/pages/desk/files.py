"""Files of a version on the author's desk: upload one with a plain form, change its fields, delete and restore it.

With script, `uploads.py` takes the place of the plain form.
"""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt, csrf_protect

from files.models import File
from files.policies import file_policy
from files.services import restore_file, update_file, upload_limit
from files.targets import target_in_name
from files.uploads.form_uploads import receive_files, store_file
from files.uploads.handlers import takes_files
from releasehub.core.errors import Conflict, Denied, DomainError, NotFound, Rejected, StorageFull
from releasehub.core.requests import actor_of
from releasehub.pages.desk.lookup import find_file, find_version
from releasehub.pages.errors import show_refusal
from releasehub.pages.form_pages import account_action, account_form, form_page
from releasehub.pages.forms import ServiceForm
from releasehub.publishing.deletion import delete_file
from versions.models import Version
from versions.policies import version_policy


class PlainUploadForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("File"), allow_empty_file=True, max_length=255)


class FileForm(ServiceForm):
    """The fields of a file that people and update checks read. Its bytes never change."""

    platform = forms.CharField(
        label=gettext_lazy("Platform"),
        max_length=50,
        required=False,
        help_text=gettext_lazy("windows, linux, macos, android, … Leave empty if it runs everywhere."),
    )
    architecture = forms.CharField(
        label=gettext_lazy("Architecture"), max_length=50, required=False, help_text=gettext_lazy("x64, arm64, …")
    )
    display_label = forms.CharField(
        label=gettext_lazy("Label"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Shown instead of the platform, such as “Windows installer”."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Kind"), choices=File.FileKind.choices)
    is_primary = forms.BooleanField(
        label=gettext_lazy("Offer this file first"), required=False, help_text=gettext_lazy("One file per version.")
    )

    def __init__(self, *args: Any, file: File, **kwargs: Any) -> None:
        initial = {name: getattr(file, name) for name in self.base_fields} | {"is_primary": file.is_primary_choice}
        super().__init__(*args, **kwargs | {"initial": initial})


@takes_files
@csrf_exempt
@account_action
def upload(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Check the right to upload before the body is read, then let the CSRF check read it into the storage.

    `csrf_exempt` stops the check of the middleware, which would read the body too early; `_receive` runs it.
    """
    actor = actor_of(request)
    version = find_version(actor, public_id)
    version_policy.ensure("upload", actor, version)
    with receive_files(request, lambda name: upload_limit(version)):
        try:
            return _receive(request, version)
        except StorageFull:
            raise
        except DomainError as error:
            show_refusal(request, error)
            return redirect("pages:desk-version", public_id)


@csrf_protect
def _receive(request: HttpRequest, version: Version) -> HttpResponse:
    form = PlainUploadForm(request.POST, request.FILES)
    if form.is_valid():
        staged = form.cleaned_data["file"].staged
        platform, architecture = target_in_name(staged.name)
        store_file(
            actor=actor_of(request), version=version, upload=staged, platform=platform, architecture=architecture
        )
        messages.success(request, _("The file was uploaded."))
    else:
        messages.error(request, _("Choose a file first."))
    return redirect("pages:desk-version", version.public_id)


@account_form
def edit(request: HttpRequest, public_id: str) -> HttpResponseBase:
    actor = actor_of(request)
    file = find_file(actor, public_id)
    file_policy.ensure("edit", actor, file)
    form = FileForm(request.POST or None, file=file)
    if form.is_valid():
        with form.refusals():
            update_file(actor=actor, file=file, **form.cleaned_data)
            messages.success(request, _("The file was saved."))
            return redirect("pages:desk-version", file.version.public_id)
    context = {"file": file, "version": file.version, "download": file.version.download}
    return form_page(request, "pages/desk/file_form.html", form, **context)


@account_action
def act(request: HttpRequest, public_id: str, name: str) -> HttpResponseBase:
    actor = actor_of(request)
    file = find_file(actor, public_id)
    try:
        if name == "delete":
            delete_file(actor=actor, file=file)
            messages.success(request, _("The file was deleted. You can restore it until it is deleted permanently."))
        elif name == "restore":
            restore_file(actor=actor, file=file)
            messages.success(request, _("The file was restored."))
        else:
            raise NotFound
    except (Conflict, Denied, Rejected) as error:
        show_refusal(request, error)
    return redirect("pages:desk-version", file.version.public_id)
