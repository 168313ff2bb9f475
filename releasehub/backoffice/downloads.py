"""Admin of downloads with their teams, shares and stores, and of categories."""

from operator import attrgetter
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from downloads import services
from downloads.models import Download, PublicSlug
from downloads.policies import download_policy
from releasehub.accounts.user_policies import user_policy
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.download_actions import DOWNLOAD_ACTIONS
from releasehub.backoffice.download_people import ShareInline, StoreInline, TeamInline, remove_person, save_person
from releasehub.backoffice.filters import DeletedFilter, HeldFilter
from releasehub.backoffice.holds import HoldMixin
from releasehub.backoffice.pictures import PicturesMixin
from releasehub.backoffice.read_only import ReadOnlyAdmin, ReadOnlyInline
from releasehub.backoffice.release_dates import ReleaseDateMixin
from releasehub.core.actor import Actor
from versions.channels import ORDER
from versions.models import Version

STATE_COLORS = {"visible": "success", "moderated": "warning", "draft": "info", "deleted": "danger"} | dict.fromkeys(
    ("legal hold", "deleted, legal hold"), "warning"
)


class VersionsInline(ReleaseDateMixin, ReadOnlyInline):
    """A read-only list of the versions. Each version has its own page."""

    model = Version
    fields = ("number", "channel", "state", "visibility", "file_count", "release_date")
    readonly_fields = fields
    per_page = 20
    show_change_link = True
    tab = True
    ordering = ("-released_at", "-id")

    def get_queryset(self, request: HttpRequest) -> Any:
        return Version.objects.visible_to(admin_actor(request)).order_by(*self.ordering)


@admin.register(Download)
class DownloadAdmin(HoldMixin, PicturesMixin):
    policy = download_policy
    view_on_site = attrgetter("path")
    download_path = ("pk",)
    list_display = ("title", "shown_state", "visibility", "category", "owner", "version_count", "last_update_at")
    list_filter = ("state", "visibility", "kind", DeletedFilter, HeldFilter, "category", "prefix")
    list_select_related = ("category", "owner", "legal_hold")
    search_fields = ("title", "slug", "tag_line", "owner__username")
    autocomplete_fields = ("category", "owner", "organization")
    word_fields: ClassVar[Any] = {"tags": ()}
    suggestions: ClassVar[Any] = {"default_channel": ORDER}
    markdown_fields = ("description",)
    readonly_fields = (
        "public_id",
        "featured_order",
        "statistics",
        "version_count",
        "listed_version_count",
        "download_count",
        "view_count",
    )
    inlines = (VersionsInline, TeamInline, ShareInline, StoreInline)
    fieldsets = (
        (None, {"fields": ("title", "slug", "tag_line", "description", "category", "prefix", "owner")}),
        ("Visibility", {"fields": ("state", "visibility", "organization")}),
        ("Releases", {"fields": ("default_channel", "version_scheme", "seal_on_publish", "secures_uploads", "kind")}),
        (
            "About",
            {"fields": ("license", "homepage_url", "source_url", "icon_url", "cover_url", "tags", "shows_statistics")},
        ),
        ("Storage", {"fields": ("quota_bytes",)}),
        ("Counts", {"fields": readonly_fields}),
    )
    row_actions = DOWNLOAD_ACTIONS

    def has_add_permission(self, request: HttpRequest) -> bool:
        return download_policy.is_moderator(admin_actor(request))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_fieldsets(request, obj) if obj else self.fieldsets[:-1]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        is_fixed = obj is not None or not user_policy.can_list(admin_actor(request))
        fixed = (*super().get_readonly_fields(request, obj), *(("owner",) if is_fixed else ()))
        return fixed if request.user.is_superuser else (*fixed, *services.ADMINISTRATORS_FIELDS)

    def get_changeform_initial_data(self, request: HttpRequest) -> Any:
        return {"owner": request.user.pk, **super().get_changeform_initial_data(request)}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change=change, **kwargs)
        if "slug" in form.base_fields and obj is None:
            form.base_fields["slug"].required = False
            form.base_fields["slug"].help_text = "Leave empty to create the slug from the title."
        if "default_channel" in form.base_fields and obj is not None:
            form.base_fields["default_channel"].help_text = (
                "A change moves all links to the latest version that name no channel, and update checks without one. "
                "Links to a version stay."
            )
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "default_channel" in form.changed_data:
            message = (
                f"Links to the latest version of {obj.title} that name no channel, and update checks without one, now "
                f"lead to the channel {obj.default_channel}."
            )
            self.message_user(request, message, messages.WARNING)

    def create(self, actor: Actor, values: dict[str, Any]) -> models.Model:
        return services.create_download(actor=actor, **values)

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        services.update_download(actor=actor, download=obj, **values)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Pass the added and removed rows to the services for their kind."""
        actor, download = admin_actor(request), form.instance
        formset.save(commit=False)
        for row in formset.deleted_objects:
            remove_person(actor, download, row)
        for row in [*formset.new_objects, *(row for row, _ in formset.changed_objects)]:
            save_person(actor, download, row)

    def typed_name(self, row: Any) -> str:
        return str(row.slug)

    @display(description="state", label=STATE_COLORS, ordering="state")
    def shown_state(self, row: Download) -> str:
        if row.is_held:
            return "deleted, legal hold" if row.is_deleted else "legal hold"
        return "deleted" if row.is_deleted else row.state

    @display(description="downloads over time")
    def statistics(self, row: Download) -> str:
        url = reverse("pages:statistics", kwargs={"slug": row.slug, "pk": row.pk})
        return format_html('<a href="{}">Show the statistics on the site</a>', url)


@admin.register(PublicSlug)
class PublicSlugAdmin(ReadOnlyAdmin):
    list_display = ("slug", "download", "reason", "first_public_at")
    list_select_related = ("download",)
    search_fields = ("slug",)
