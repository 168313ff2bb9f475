"""Admin of reports, where moderators read and close what visitors report."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.decorators import display

from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.filters import ReportStateFilter
from releasehub.backoffice.row_actions import RowAction
from releasehub.backoffice.templatetags.admin_links import reported_url
from releasehub.community.models import Report
from releasehub.community.report_policy import report_policy
from releasehub.community.services.reports import dismiss_report, resolve_report

STATE_COLORS = {"open": "warning", "resolved": "success", "dismissed": "info"}


def _closing(name: str, label: str, done: str, close: Callable[..., object]) -> RowAction:
    """Return an action that closes open reports with a note."""
    return RowAction(
        name=name,
        label=label,
        done=done,
        run=lambda actor, row, note: close(actor=actor, report=row, note=note),
        applies=lambda row: row.is_open,
        question="close",
        wants_reason=True,
        reason_label="Note to the author of the report",
        reason_use="sent by e-mail to authors with an account, and kept in the audit log",
    )


@admin.register(Report)
class ReportAdmin(ActionAdmin):
    policy = report_policy
    list_display = ("shown_reason", "shown_target", "download", "reporter", "shown_state", "created_at")
    list_display_links = ("shown_reason",)
    list_filter = (ReportStateFilter, "reason", "kind", "created_at")
    list_select_related = ("download", "reporter")
    search_fields = ("label", "text", "reporter__username", "download__slug")
    fields = (
        *("shown_target", "download", "reason", "text", "reporter", "created_at"),
        *("state", "note", "handled_by", "handled_at"),
    )
    readonly_fields = fields
    row_actions = (
        _closing("resolve", "Resolve: action was taken", "resolved", resolve_report),
        _closing("dismiss", "Dismiss: nothing has to change", "dismissed", dismiss_report),
    )

    def has_module_permission(self, request: HttpRequest) -> bool:
        return report_policy.can_list(admin_actor(request))

    def get_queryset(self, request: HttpRequest) -> Any:
        return Report.objects.visible_to(admin_actor(request)).order_by(*(self.get_ordering(request) or ()))

    @display(description="reason", ordering="reason")
    def shown_reason(self, row: Report) -> str:
        return row.get_reason_display()

    @display(description="target", ordering="label")
    def shown_target(self, row: Report) -> str:
        """Return the name of the target as a link to its admin page."""
        return format_html('<a class="underline" href="{}">{}</a>', reported_url(row), row.label)

    @display(description="state", label=STATE_COLORS, ordering="state")
    def shown_state(self, row: Report) -> str:
        return row.state
