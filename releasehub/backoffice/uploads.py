"""Uploads from the admin, which are streamed to the storage like those of the API."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from files.services import upload_limit
from files.uploads.form_uploads import receive_files, store_file
from files.uploads.handlers import takes_files
from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.fields.words import SuggestingInput
from releasehub.backoffice.pages import admin_page
from releasehub.core.errors import DomainError, StorageFull
from versions.models import Version
from versions.platforms import ARCHITECTURE_SPELLINGS, PLATFORM_NAMES
from versions.policies import version_policy


class UploadForm(forms.Form):
    file = forms.FileField(allow_empty_file=True, max_length=255, widget=UnfoldAdminFileFieldWidget)
    display_label = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)
    platform = forms.CharField(max_length=50, required=False, widget=SuggestingInput(PLATFORM_NAMES))
    architecture = forms.CharField(max_length=50, required=False, widget=SuggestingInput(ARCHITECTURE_SPELLINGS))
    keep_rejected = forms.BooleanField(
        required=False,
        label="Keep the file if its content is rejected",
        widget=UnfoldBooleanWidget,
        help_text="The team sees the file with the reasons, and a moderator can let it through.",
    )


class UploadMixin(ActionAdmin):
    """The page of a version that uploads a file."""

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.upload_view)
        return [path("<int:pk>/upload/", view, name="versions_version_upload"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        obj = kwargs.get("obj")
        if obj is not None and obj.pk and version_policy.can_upload(admin_actor(request), obj):
            context["upload_url"] = reverse("admin:versions_version_upload", args=[obj.pk])
        return super().render_change_form(request, context, *args, **kwargs)

    @takes_files
    @method_decorator(csrf_exempt)
    def upload_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Check the right to upload, install the upload handler, and only then let the CSRF check read the body.

        The middleware and `admin_view` would read the body first. `csrf_exempt` on this method stops both, as described
        in Django's documentation ("Modifying upload handlers on the fly"); `_receive` runs the check instead.
        """
        rows = self.get_queryset(request).select_related("download__category")
        version = rows.filter(pk=pk).first()
        if version is None or not version_policy.can_upload(admin_actor(request), version):
            raise Http404
        with receive_files(request, lambda name: upload_limit(version)):
            try:
                return self._receive(request, version=version)
            except DomainError as error:  # the upload handler rejected the body while the CSRF check parsed it
                entered = UploadForm(initial=request.POST.dict())
                return self._upload_page(request, version, entered, error)

    @method_decorator(csrf_protect)
    def _receive(self, request: HttpRequest, *, version: Version) -> HttpResponse:
        form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
        if not form.is_valid():
            return self._upload_page(request, version, form)
        values = dict(form.cleaned_data)
        upload = values.pop("file").staged
        store_file(actor=admin_actor(request), version=version, upload=upload, **values)
        self.message_user(request, "1 file uploaded.", messages.SUCCESS)
        url = reverse("admin:versions_version_change", args=[version.pk])
        if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
            # A script would follow a redirect by itself, and so use up the message before the browser opens the page.
            return JsonResponse({"url": url}, status=201)
        return HttpResponseRedirect(url)

    def _upload_page(
        self, request: HttpRequest, version: Version, form: UploadForm, error: DomainError | None = None
    ) -> HttpResponse:
        """Show the form, with status 507 if the storage is full, which the user cannot fix."""
        return admin_page(
            request,
            "releasehub/upload",
            f"Upload a file to {version}",
            model=self.model,
            status=507 if isinstance(error, StorageFull) else 200,
            form=form,
            version=version,
            error=error.message if error else "",
        )
