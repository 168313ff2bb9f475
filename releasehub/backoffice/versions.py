"""Admin of versions, and the page that uploads a file to a version."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from unfold.admin import TabularInline
from unfold.decorators import display

from downloads.models import Download
from files.models import File
from files.services import update_file
from files.uploads.handlers import takes_files
from releasehub.backoffice.actions import ActionAdmin, RowAction, deletion_actions
from releasehub.backoffice.base import ReadOnlyAdmin, admin_actor
from releasehub.backoffice.filters import ChannelFilter, DeletedFilter, YankedFilter
from releasehub.backoffice.uploads import UploadForm, receive_files, store_file
from releasehub.core.actor import Actor
from releasehub.core.errors import DomainError, StorageFull
from releasehub.distribution.links import version_path
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.releases import create_version, edit_version
from releasehub.publishing.transitions import Move
from versions.models import PublicNumber, Version
from versions.policies import version_policy

STATE_COLORS = {
    "published": "success",
    "scheduled": "info",
    "draft": "info",
    "pending": "warning",
    "archived": "warning",
    "deleted": "danger",
    "yanked": "danger",
}
EDITABLE_FILE_FIELDS = ("display_label", "platform", "architecture", "kind", "is_primary", "display_order")


class FilesInline(TabularInline):
    model = File
    fields = ("filename", *EDITABLE_FILE_FIELDS, "size_bytes", "validation_status")
    readonly_fields = ("filename", "size_bytes", "validation_status")
    extra = 0
    show_change_link = True
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = File.objects.visible_to(admin_actor(request)).select_related("blob", "version__download")
        return rows.order_by(*self.get_ordering(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and version_policy.can_manage_files(admin_actor(request), obj)


def is_draft(row: Version) -> bool:
    return not row.is_released and not row.is_deleted


def is_out(row: Version) -> bool:
    return row.is_released and not row.is_deleted


def can_become_active(row: Version) -> bool:
    return not (row.is_active or row.is_deleted or row.is_yanked or row.state == "archived")


@admin.register(Version)
class VersionAdmin(ActionAdmin):
    policy = version_policy
    view_on_site = staticmethod(version_path)
    download_path = ("download_id",)
    list_display = ("number", "download", "channel", "shown_state", "visibility", "file_count", "released_at")
    list_filter = ("state", ChannelFilter, "visibility", YankedFilter, DeletedFilter)
    list_select_related = ("download__category",)
    search_fields = ("number", "channel", "title", "download__title", "download__slug")
    autocomplete_fields = ("download",)
    readonly_fields = ("public_id", "state", "published_at", "yanked_at", "yank_reason", "is_active", "download_count")
    inlines = (FilesInline,)
    fieldsets = (
        (None, {"fields": ("download", "number", "channel", "title", "visibility", "platforms")}),
        ("Notes", {"fields": ("release_notes", "changelog", "changelog_url", "release_page_url")}),
        ("State", {"fields": readonly_fields}),
    )
    row_actions = (
        RowAction(
            name="publish",
            label="Publish",
            done="published",
            run=lambda actor, row, reason: move(Move.PUBLISH, actor=actor, version=row),
            applies=is_draft,
            question="publish",
        ),
        RowAction(
            name="unpublish",
            label="Unpublish",
            done="turned back into drafts",
            run=lambda actor, row, reason: move(Move.UNPUBLISH, actor=actor, version=row),
            applies=lambda row: row.state != "draft" and not row.is_deleted,
            question="edit",
        ),
        RowAction(
            name="yank",
            label="Yank",
            done="yanked",
            run=lambda actor, row, reason: move(Move.YANK, actor=actor, version=row, reason=reason),
            applies=lambda row: is_out(row) and not row.is_yanked,
            question="publish",
            wants_reason=True,
        ),
        RowAction(
            name="unyank",
            label="Unyank",
            done="unyanked",
            run=lambda actor, row, reason: move(Move.UNYANK, actor=actor, version=row),
            applies=lambda row: row.is_yanked and not row.is_deleted,
            question="publish",
        ),
        RowAction(
            name="activate",
            label="Make active",
            done="active",
            run=lambda actor, row, reason: move(Move.ACTIVATE, actor=actor, version=row),
            applies=lambda row: (
                not row.is_active and not row.is_deleted and not row.is_yanked and row.state != "archived"
            ),
            question="activate",
        ),
        RowAction(
            name="archive",
            label="Archive",
            done="archived",
            run=lambda actor, row, reason: move(Move.ARCHIVE, actor=actor, version=row),
            applies=lambda row: is_out(row) and row.state != "archived",
            question="publish",
        ),
        RowAction(
            name="unarchive",
            label="Unarchive",
            done="unarchived",
            run=lambda actor, row, reason: move(Move.UNARCHIVE, actor=actor, version=row),
            applies=lambda row: row.state == "archived" and not row.is_deleted,
            question="publish",
        ),
        *deletion_actions(delete_version, partial(move, Move.RESTORE), "version"),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow users who may add versions to any download. The service checks the download that is selected."""
        return self.has_module_permission(request) and Download.objects.postable_by(admin_actor(request)).exists()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.fieldsets[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "download") if obj else fields

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "channel" in form.base_fields and obj is None:
            field = form.base_fields["channel"]
            field.required, field.initial = False, ""
            field.help_text = (
                "Leave empty to choose the channel from the number: 2.0.0-rc.1 goes into rc, other "
                "versions into the default channel."
            )
        return form

    def create(self, actor: Actor, values: dict[str, Any]) -> models.Model:
        """Create the version as a draft, so that files can be added before it is published."""
        download = values.pop("download")
        return create_version(actor=actor, download_id=download.pk, state="draft", **values)

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        edit_version(actor=actor, version=obj, **values)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        for row, names in formset.changed_objects:
            values = {name: getattr(row, name) for name in names}
            update_file(actor=admin_actor(request), file=row, **values)

    def typed_name(self, row: Any) -> str:
        return str(row.number)

    @display(description="state", label=STATE_COLORS, ordering="state")
    def shown_state(self, row: Version) -> str:
        if row.is_deleted:
            return "deleted"
        return "yanked" if row.is_yanked else row.state

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
        with receive_files(request, version):
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
        store_file(admin_actor(request), version, form)
        self.message_user(request, "1 file uploaded.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:versions_version_change", args=[version.pk]))

    def _upload_page(
        self, request: HttpRequest, version: Version, form: UploadForm, error: DomainError | None = None
    ) -> HttpResponse:
        """Show the form, with status 507 if the storage is full, which the user cannot fix."""
        context = {**self.admin_site.each_context(request), "opts": self.model._meta, "form": form, "version": version}
        context |= {"title": f"Upload a file to {version}", "error": error.message if error else ""}
        status = 507 if isinstance(error, StorageFull) else 200
        return TemplateResponse(request, "admin/releasehub/upload.html", context, status=status)


@admin.register(PublicNumber)
class PublicNumberAdmin(ReadOnlyAdmin):
    list_display = ("number", "channel", "download", "version", "reason", "first_public_at")
    list_select_related = ("download", "version__download")
    search_fields = ("number", "download__title")
