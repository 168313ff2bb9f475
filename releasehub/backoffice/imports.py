"""Admin of imports. Staff set them up and follow them on the pages of My downloads, as authors do."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import display

from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.read_only import ReadOnlyAdmin
from releasehub.core.errors import DomainError
from releasehub.importing.models import ImportRun, ImportSource
from releasehub.importing.services import cancel_run, start_run


@admin.register(ImportSource)
class ImportSourceAdmin(ReadOnlyAdmin):
    change_list_template = "admin/releasehub/imports.html"
    list_display = ("address", "kind", "download", "page", "sync_hours", "next_sync_at", "created_by")
    list_filter = ("kind",)
    list_select_related = ("download", "created_by")
    search_fields = ("address", "download__title", "download__slug")
    exclude = ("sealed_token",)
    readonly_fields = ("has_token", "next_sync_at", "created_by", "runs_as_system", "created_at")
    actions = ("start", "list_again", "cancel")

    @display(description="plan and progress")
    def page(self, row: ImportSource) -> str:
        return format_html('<a href="{}">Open</a>', reverse("pages:desk-import", args=[row.public_id]))

    @admin.display(description="token stored", boolean=True)
    def has_token(self, row: ImportSource) -> bool:
        return row.has_token

    @admin.action(description="Import now", permissions=["view"])
    def start(self, request: HttpRequest, queryset: Any) -> None:
        self._each(request, queryset, lambda row: start_run(actor=admin_actor(request), source=row))

    @admin.action(description="List again, without importing", permissions=["view"])
    def list_again(self, request: HttpRequest, queryset: Any) -> None:
        self._each(request, queryset, lambda row: start_run(actor=admin_actor(request), source=row, is_dry_run=True))

    @admin.action(description="Cancel the run", permissions=["view"])
    def cancel(self, request: HttpRequest, queryset: Any) -> None:
        for run in ImportRun.objects.filter(source__in=queryset, finished_at=None).select_related("source__download"):
            cancel_run(actor=admin_actor(request), run=run)
        self.message_user(request, "The runs stop within seconds. What they have published stays.")

    def _each(self, request: HttpRequest, queryset: Any, act: Callable[[ImportSource], object]) -> None:
        """Call the service for each row, and show the error of each that it refuses."""
        for row in queryset.select_related("download__category"):
            try:
                act(row)
                self.message_user(request, f"{row}: a worker has begun.")
            except DomainError as error:
                self.message_user(request, f"{row}: {error.message}", messages.ERROR)


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyAdmin):
    list_display = ("source", "download", "progress", "created_at", "finished_at", "releases", "fetched")
    list_filter = ("state", "is_dry_run")
    list_select_related = ("source__download",)
    search_fields = ("source__address", "source__download__title")
    exclude = ("lease_token",)

    @admin.display(description="into")
    def download(self, row: ImportRun) -> str:
        return str(row.source.download)

    @admin.display(description="state", ordering="state")
    def progress(self, row: ImportRun) -> str:
        return f"{row.get_state_display()} (dry run)" if row.is_dry_run else row.get_state_display()

    @admin.display(description="releases", ordering="listed_count")
    def releases(self, row: ImportRun) -> str:
        """Return the counts in one column, because a column for each is wider than a screen."""
        counts = {"created": row.created_count, "updated": row.updated_count, "failed": row.failed_count}
        shown = [f"{count} {name}" for name, count in counts.items() if count]
        return ", ".join([f"{row.listed_count} listed", *shown])

    @admin.display(description="fetched", ordering="fetched_bytes")
    def fetched(self, row: ImportRun) -> str:
        return filesizeformat(row.fetched_bytes)
