"""The view of a timeline, and the text and link of each of its lines."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from releasehub.audit.models import AuditEntry
from releasehub.backoffice.pages import admin_page
from releasehub.core.actor import Origin
from releasehub.core.requests import actor_of
from releasehub.moderation.kinds import WAITING
from releasehub.moderation.models import Kind
from releasehub.timeline.pages import timeline_page
from releasehub.timeline.sources import SUBJECTS, Source, TimelineEntry
from releasehub.webhooks.models import Delivery, Event

MODELS = {Source.EVENT: Event, Source.DELIVERY: Delivery}
LABELS = {
    Source.AUDIT: "Audit log",
    Source.EVENT: "Event",
    Source.DELIVERY: "Delivery",
    Source.DECISION: "Decision",
    Source.DOWNLOADS: "Downloads",
}


@dataclass(frozen=True)
class Line:
    """An entry as the page shows it. `url` is that of the row, and `about_url` that of the object it is about."""

    moment: datetime
    source: Source
    label: str
    text: str
    url: str = ""
    by: str = ""
    details: str = ""
    about: str = ""
    about_url: str = ""


def may_audit(request: HttpRequest) -> bool:
    return bool(admin.site.get_model_admin(AuditEntry).has_view_permission(request))


def timeline_url(request: HttpRequest, row: Any) -> str:
    """Return the URL of the timeline of a row, or an empty string if there is none that the user may open."""
    name = row._meta.model_name if isinstance(row, Model) else ""
    if name not in SUBJECTS or row.pk is None or not may_audit(request):
        return ""
    return reverse("admin:timeline", args=[name, row.pk])


@require_safe
def timeline(request: HttpRequest, name: str, pk: int) -> HttpResponse:
    """Show a page of the timeline of an object to a user who may see the object and the audit log."""
    if not may_audit(request):
        raise PermissionDenied
    model = SUBJECTS.get(name)
    if model is None or pk > 2**63 - 1:
        raise Http404
    model_admin = admin.site.get_model_admin(model)
    subject = model_admin.get_queryset(request).filter(pk=pk).first()
    if subject is None or not model_admin.has_view_permission(request, subject):
        raise Http404
    actor = actor_of(request, origin=Origin.ADMIN)
    page = timeline_page(actor, subject, _sources(request), request.GET.get("after", ""))
    return admin_page(
        request,
        "timeline/timeline",
        f"Timeline of {subject}",
        subject=subject,
        lines=[_line(entry) for entry in page.entries],
        cursor=page.cursor,
        is_first="after" not in request.GET,
    )


def _sources(request: HttpRequest) -> list[Source]:
    """Return the sources whose rows the user may open."""
    closed = [
        source for source, model in MODELS.items() if not admin.site.get_model_admin(model).has_view_permission(request)
    ]
    return [source for source in Source if source not in closed]


def _line(entry: TimelineEntry) -> Line:
    return _LINES[entry.source](entry, LABELS[entry.source])


def _audit_line(entry: TimelineEntry, label: str) -> Line:
    row: AuditEntry = entry.row
    changes = ", ".join(row.changes) if isinstance(row.changes, dict) else ""
    details = " · ".join(text for text in (row.reason, f"changed: {changes}" if changes else "") if text)
    url = reverse("admin:audit_auditentry_change", args=[row.pk])
    return Line(
        entry.moment, entry.source, label, row.action, url, row.actor_label, details,
        row.target_label, _page_of(row.target_type, row.target_id),
    )  # fmt: skip


def _event_line(entry: TimelineEntry, label: str) -> Line:
    row: Event = entry.row
    about = str(row.data.get("filename") or row.data.get("number") or row.data.get("title") or "")
    url = reverse("admin:webhooks_event_change", args=[row.pk])
    place = _page_of(row.object_type, row.object_id)
    return Line(entry.moment, entry.source, label, row.type, url, about=about, about_url=place)


def _delivery_line(entry: TimelineEntry, label: str) -> Line:
    row: Delivery = entry.row
    url = reverse("admin:webhooks_delivery_change", args=[row.pk])
    details = f"{row.get_state_display()} after {row.attempt_count} attempts"
    place = _page_of("endpoint", row.endpoint_id)
    return Line(entry.moment, entry.source, label, row.event.type, url, "", details, row.endpoint.url, place)


def _decision_line(entry: TimelineEntry, label: str) -> Line:
    verdict, kind = entry.row, Kind(entry.row.kind)
    waiting = WAITING[kind]
    text = waiting.approving if verdict.is_approval else waiting.rejecting
    by = verdict.moderator.get_username() if verdict.moderator else ""
    url = _page_of(kind.value, verdict.object_id)
    return Line(entry.moment, entry.source, label, f"{kind.label}: {text}", url, by, verdict.note)


def _downloads_line(entry: TimelineEntry, label: str) -> Line:
    day = entry.moment.date()
    query = f"?day__year={day.year}&day__month={day.month}&day__day={day.day}"
    url = reverse("admin:files_downloadday_changelist") + query
    return Line(entry.moment, entry.source, label, f"{entry.count} download{'' if entry.count == 1 else 's'}", url)


_LINES = {
    Source.AUDIT: _audit_line,
    Source.EVENT: _event_line,
    Source.DELIVERY: _delivery_line,
    Source.DECISION: _decision_line,
    Source.DOWNLOADS: _downloads_line,
}


def _page_of(name: str, pk: int | None) -> str:
    """Return the admin page of an object by the name of its model, or an empty string if the admin has none."""
    meta = _PAGES.get(name)
    return reverse(meta, args=[pk]) if meta and pk else ""


_PAGES = {
    "download": "admin:downloads_download_change",
    "version": "admin:versions_version_change",
    "file": "admin:files_file_change",
    "comment": "admin:community_comment_change",
    "review": "admin:community_review_change",
    "report": "admin:community_report_change",
    "user": "admin:accounts_user_change",
    "endpoint": "admin:webhooks_endpoint_change",
    "category": "admin:downloads_category_change",
    "organization": "admin:accounts_organization_change",
}
