"""Uploads from the admin, which are streamed to the storage like those of the API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from files.blobs import release_claim
from files.services import add_file, upload_limit
from files.uploads.handlers import StagingUploadHandler
from files.uploads.intake import accept_upload
from releasehub.core.actor import Actor
from versions.models import Version


class UploadForm(forms.Form):
    file = forms.FileField(allow_empty_file=True, max_length=255, widget=UnfoldAdminFileFieldWidget)
    display_label = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)
    platform = forms.CharField(
        max_length=50, required=False, widget=UnfoldAdminTextInputWidget, help_text="linux, macos, windows, …"
    )
    architecture = forms.CharField(
        max_length=50, required=False, widget=UnfoldAdminTextInputWidget, help_text="x64, arm64, …"
    )
    keep_rejected = forms.BooleanField(
        required=False,
        label="Keep the file if its content is rejected",
        widget=UnfoldBooleanWidget,
        help_text="The team sees the file with the reasons, and a moderator can let it through.",
    )


@contextmanager
def receive_files(request: HttpRequest, version: Version) -> Iterator[None]:
    """Stream the file in the request body to storage, and remove it again unless a blob took it over.

    The caller has checked the permission to upload. The name is checked afterwards, so that the form keeps its values.
    """
    handler = StagingUploadHandler(request, authorize=lambda name: upload_limit(version))
    if request.method == "POST":
        request.upload_handlers = [handler]
    try:
        yield
    finally:
        handler.discard()


def store_file(actor: Actor, version: Version, form: UploadForm) -> None:
    """Check the staged upload, turn it into a blob and add the file row.

    Raises:
        DomainError: `accept_upload` or `add_file` rejected the file.
    """
    values = dict(form.cleaned_data)
    upload = values.pop("file").staged
    values |= {name: values[name].lower() for name in ("platform", "architecture")}
    keep_rejected = values.pop("keep_rejected")
    accepted_upload = accept_upload(actor=actor, version=version, upload=upload, keep_rejected=keep_rejected)
    try:
        add_file(actor=actor, version=version, **vars(accepted_upload), **values)
    except Exception:
        release_claim(accepted_upload.blob)
        raise
