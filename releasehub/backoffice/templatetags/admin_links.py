"""Links to the pages of rows in the admin."""

from typing import Any

from django import template
from django.db.models import Model

from releasehub.backoffice.pages import model_url
from releasehub.backoffice.timeline.views import timeline_url
from releasehub.community.models import Report
from releasehub.community.services.reports import MODELS
from releasehub.moderation.models import Kind
from releasehub.moderation.rows import QueueItem

register = template.Library()
OF_CONTRIBUTIONS = "contribution"


@register.filter
def admin_url(row: Model) -> str:
    """Return the URL of the page of a row. Its admin class decides whether the user may open it."""
    return model_url(row, "change", row.pk)


@register.simple_tag(takes_context=True)
def timeline_link(context: dict[str, Any], row: Any) -> str:
    """Return the URL of the timeline of the row, or an empty string if the user may not see it."""
    return timeline_url(context["request"], row)


@register.filter
def reported_url(report: Report) -> str:
    """Return the URL of the page of what a report is about."""
    return model_url(MODELS[report.kind], "change", report.object_id)


@register.filter
def template_of(item: QueueItem) -> str:
    """Return the template with the details of a row of the moderation queue."""
    name = OF_CONTRIBUTIONS if item.kind in {Kind.COMMENT, Kind.REVIEW} else item.kind.value
    return f"admin/moderation/kinds/{name}.html"
