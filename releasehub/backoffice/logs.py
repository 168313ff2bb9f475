"""Admin of the audit log, its export, the servers that it is sent to, and webhook events."""

from collections.abc import Callable, Iterator
from typing import Any

from django.contrib import admin
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.urls import path
from unfold.decorators import display
from unfold.widgets import UnfoldAdminPasswordWidget

from releasehub.audit import services as audit
from releasehub.audit.actions import AuditAction
from releasehub.audit.lines import audit_csv_lines, json_lines
from releasehub.audit.models import AuditEntry, AuditSink
from releasehub.audit.services import delete_sink, save_sink
from releasehub.backoffice.base import HubAdmin, admin_actor
from releasehub.backoffice.filters import IndexedValuesFilter
from releasehub.backoffice.read_only import ReadOnlyAdmin
from releasehub.webhooks.models import Event

EXPORTS: dict[str, tuple[Callable[[Any], Iterator[str]], str]] = {
    "csv": (audit_csv_lines, "text/csv; charset=utf-8"),
    "jsonl": (json_lines, "application/x-ndjson"),
}


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    export_formats = ()
    list_display = ("created_at", "actor_label", "action", "target_type", "target_label", "channel", "reason")
    list_filter = ("action", "channel", ("target_type", IndexedValuesFilter), "created_at")
    search_fields = ("actor_label", "target_label", "reason", "request_id")
    ordering = ("-id",)
    exclude = ("address_salt",)
    change_list_template = "admin/releasehub/audit_list.html"

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export.<slug:form>", view, name="audit_auditentry_export"), *super().get_urls()]

    def export_view(self, request: HttpRequest, form: str) -> StreamingHttpResponse:
        """Stream all entries that match the current filters and search of the list, without a limit on their number."""
        if form not in EXPORTS or not self.has_view_permission(request):
            raise Http404
        lines, content_type = EXPORTS[form]
        rows = self.filtered_rows(request)
        changes = {"list": "audit.auditentry", "format": form, "query": request.GET.urlencode()[:1000]}
        audit.record(actor=admin_actor(request), action=AuditAction.LIST_EXPORT, label="audit log", changes=changes)
        response = StreamingHttpResponse(lines(rows.order_by("id")), content_type=content_type)
        response["Content-Disposition"] = f'attachment; filename="audit.{form}"'
        return response


@admin.register(AuditSink)
class AuditSinkAdmin(HubAdmin):
    """Admin of the servers that the audit log is sent to. Only site administrators may see and change them."""

    list_display = ("kind", "target", "is_active", "cursor", "shipped_at", "last_error", "failing_since")
    fields = ("kind", "target", "token", "has_addresses", "is_active", "cursor", "shipped_at", "last_error")
    readonly_fields = ("cursor", "shipped_at", "last_error")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin_actor(request).is_superuser

    has_module_permission = has_view_permission
    has_add_permission = has_view_permission
    has_change_permission = has_view_permission
    has_delete_permission = has_view_permission

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        if db_field.name == "token":
            kwargs["widget"] = UnfoldAdminPasswordWidget(render_value=True)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        save_sink(actor=admin_actor(request), sink=obj)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_sink(actor=admin_actor(request), sink=obj, reason="")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    list_display = ("occurred_at", "type", "object_type", "object_id", "title")
    list_filter = ("type", ("object_type", IndexedValuesFilter))
    search_fields = ("public_id__exact",)
    ordering = ("-id",)

    @display(description="about")
    def title(self, row: Event) -> str:
        data: dict[str, Any] = row.data
        return str(data.get("filename") or data.get("number") or data.get("title") or "")
