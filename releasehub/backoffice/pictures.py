"""The page of a download on which its pictures are added, described, ordered and removed."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from downloads.models import Download
from downloads.policies import download_policy
from files.models import Picture
from files.pictures.forms import PictureForm, PictureTextsForm, change_picture
from files.pictures.paths import with_sizes
from files.pictures.storing import authorize_picture
from files.uploads.form_uploads import receive_files
from files.uploads.handlers import takes_files
from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.pages import admin_page
from releasehub.backoffice.policy_admin import each_row
from releasehub.core.errors import DomainError, StorageFull

TEXT_WIDGETS = dict.fromkeys(("alt_text", "caption"), UnfoldAdminTextInputWidget)
FORM_WIDGETS = {**TEXT_WIDGETS, "kind": UnfoldAdminSelectWidget, "file": UnfoldAdminFileFieldWidget}


class AdminTextsForm(PictureTextsForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, widget in TEXT_WIDGETS.items():
            self.fields[name].widget = widget()


class AdminPictureForm(PictureForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, widget in FORM_WIDGETS.items():
            field = self.fields[name]
            field.widget = widget(choices=field.choices) if name == "kind" else widget(field.widget.attrs)  # type: ignore[attr-defined]


class PicturesMixin(ActionAdmin):
    """The page `pictures/` of a download."""

    def get_urls(self) -> list[Any]:
        pictures, change = (self.admin_site.admin_view(view) for view in (self.pictures_view, self.picture_view))
        return [
            path("<int:pk>/pictures/", pictures, name="downloads_download_pictures"),
            path("<int:pk>/pictures/<slug:public_id>/<slug:name>/", change, name="downloads_download_picture"),
            *super().get_urls(),
        ]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        obj = kwargs.get("obj")
        if obj is not None and obj.pk and download_policy.can_edit(admin_actor(request), obj):
            context["pictures_url"] = _url(obj)
        return super().render_change_form(request, context, *args, **kwargs)

    @takes_files
    @method_decorator(csrf_exempt)
    def pictures_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Check the right to edit, install the upload handler, and only then let the CSRF check read the body.

        `UploadMixin.upload_view` explains why.
        """
        download, actor = self._editable(request, pk), admin_actor(request)
        with receive_files(request, lambda name: authorize_picture(actor=actor, download=download)):
            try:
                return self._receive_picture(request, download=download)
            except DomainError as error:  # the upload handler or the service rejected the picture
                entered = AdminPictureForm(initial=request.POST.dict())
                return self._pictures_page(request, download, entered, error)

    @method_decorator(csrf_protect)
    def _receive_picture(self, request: HttpRequest, *, download: Download) -> HttpResponse:
        form = AdminPictureForm(request.POST, request.FILES) if request.method == "POST" else AdminPictureForm()
        if not form.is_valid():
            return self._pictures_page(request, download, form)
        form.save(admin_actor(request), download)
        self.message_user(request, "1 picture added.", messages.SUCCESS)
        return HttpResponseRedirect(_url(download))

    @method_decorator(require_POST)
    def picture_view(self, request: HttpRequest, pk: int, public_id: str, name: str) -> HttpResponse:
        """Change one picture: its texts, its place among the screenshots, or whether it exists."""
        download, actor = self._editable(request, pk), admin_actor(request)
        picture = download.stored_pictures.select_related("download__category").filter(public_id=public_id).first()
        if picture is None:
            raise Http404
        each_row(
            request,
            [picture],
            lambda row: change_picture(actor=actor, picture=row, name=name, texts=request.POST.dict()),
            "picture changed",
        )
        return HttpResponseRedirect(_url(download))

    def _editable(self, request: HttpRequest, pk: int) -> Download:
        download: Download | None = self.get_queryset(request).select_related("category").filter(pk=pk).first()
        if download is None or not download_policy.can_edit(admin_actor(request), download):
            raise Http404
        return download

    def _pictures_page(
        self, request: HttpRequest, download: Download, form: AdminPictureForm, error: DomainError | None = None
    ) -> HttpResponse:
        """Show the pictures and the form, with status 507 if the storage is full, which the user cannot fix."""
        pictures = with_sizes(Picture.objects.filter(download=download)).order_by("kind", "display_order", "id")
        return admin_page(
            request,
            "releasehub/pictures",
            f"Pictures of {download}",
            model=self.model,
            status=507 if isinstance(error, StorageFull) else 200,
            download=download,
            form=form,
            error=error.message if error else "",
            pictures=[(picture, AdminTextsForm.of(picture)) for picture in pictures],
        )


def _url(download: Download) -> str:
    return reverse("admin:downloads_download_pictures", args=[download.pk])
