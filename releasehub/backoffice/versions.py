"""Admin of versions, and the page that uploads a file to a version."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from files.models import File
from files.services import update_file
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.filters import ChannelFilter, DeletedFilter, YankedFilter
from releasehub.backoffice.permissions import may_post_versions
from releasehub.backoffice.read_only import ReadOnlyAdmin, ReadOnlyInline
from releasehub.backoffice.release_dates import ReleaseDateMixin
from releasehub.backoffice.uploads import UploadMixin
from releasehub.backoffice.version_actions import VERSION_ACTIONS
from releasehub.core.actor import Actor
from releasehub.distribution.links import version_path
from releasehub.importing.report import origin_of
from releasehub.publishing.releases import create_version, edit_version
from versions.channels import ORDER
from versions.models import PublicNumber, Version
from versions.platforms import ARCHITECTURE_SPELLINGS, PLATFORM_NAMES
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


class FilesInline(ReadOnlyInline):
    """The files of a version, of which a page has few: a form may have at most DATA_UPLOAD_MAX_NUMBER_FIELDS fields."""

    model = File
    suggestions: ClassVar[Any] = {"platform": PLATFORM_NAMES, "architecture": ARCHITECTURE_SPELLINGS}
    fields = (*EDITABLE_FILE_FIELDS, "size_bytes", "validation_status")
    readonly_fields = ("size_bytes", "validation_status")
    per_page = 15
    show_change_link = True
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = File.objects.visible_to(admin_actor(request)).select_related("blob", "version__download")
        return rows.order_by(*self.get_ordering(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and version_policy.can_manage_files(admin_actor(request), obj)


@admin.register(Version)
class VersionAdmin(ReleaseDateMixin, UploadMixin):
    policy = version_policy
    view_on_site = staticmethod(version_path)
    download_path = ("download_id",)
    list_display = ("number", "download", "channel", "shown_state", "visibility", "file_count", "release_date")
    list_filter = ("state", ChannelFilter, "visibility", YankedFilter, DeletedFilter)
    list_select_related = ("download__category",)
    search_fields = ("number", "tag", "channel", "title", "download__title", "download__slug")
    autocomplete_fields = ("download",)
    word_fields: ClassVar[Any] = {"platforms": PLATFORM_NAMES}
    suggestions: ClassVar[Any] = {"channel": ORDER}
    markdown_fields = ("release_notes", "changelog")
    readonly_fields = (
        *("public_id", "state", "published_at", "public_since", "is_security_release", "yanked_at", "yank_reason"),
        *("is_active", "download_count", "imported_from"),
    )
    inlines = (FilesInline,)
    fieldsets = (
        (None, {"fields": ("download", "number", "channel", "title", "visibility", "platforms", "end_of_support")}),
        ("Source", {"fields": ("tag", "commitish"), "classes": ("collapse",)}),
        ("Rollout", {"fields": ("rollout_percent",)}),
        ("Notes", {"fields": ("release_notes", "changelog", "changelog_url", "release_page_url")}),
        ("State", {"fields": readonly_fields}),
    )
    row_actions = VERSION_ACTIONS

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow users who may add versions to any download. The service checks the download that is selected."""
        return self.has_module_permission(request) and may_post_versions(admin_actor(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.fieldsets[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return (*fields, "download") if obj else fields

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "rollout_percent" in form.base_fields:
            form.base_fields["rollout_percent"].required = False
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
        return create_version(actor=actor, download_id=download.pk, state="draft", **_filled_in(values))

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        edit_version(actor=actor, version=obj, **_filled_in(values))

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        formset.save(commit=False)
        for row, names in formset.changed_objects:
            values = {name: getattr(row, name) for name in names}
            update_file(actor=admin_actor(request), file=row, **values)

    def typed_name(self, row: Any) -> str:
        return str(row.number)

    @display(description="imported from")
    def imported_from(self, row: Version) -> str:
        origin = origin_of(row)
        if origin is None:
            return "-"
        url = reverse("pages:desk-import", args=[origin.source.public_id])
        return format_html('<a href="{}">{}: {}</a>', url, origin.source.kind_label, origin.source.address)

    @display(description="state", label=STATE_COLORS, ordering="state")
    def shown_state(self, row: Version) -> str:
        if row.is_deleted:
            return "deleted"
        return "yanked" if row.is_yanked else row.state


def _filled_in(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of the form. An empty percentage does not change the rollout."""
    return {name: value for name, value in values.items() if name != "rollout_percent" or value is not None}


@admin.register(PublicNumber)
class PublicNumberAdmin(ReadOnlyAdmin):
    list_display = ("number", "channel", "platform", "download", "version", "reason", "first_public_at")
    list_select_related = ("download", "version__download")
    search_fields = ("number", "download__title")
