"""The preview of Markdown while an author types."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_POST

from releasehub.pages.markdown import render_markdown


@login_required
@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """Return the HTML of the field `text`, cut off at the length that a version may have."""
    return HttpResponse(render_markdown(request.POST.get("text", "")[: settings.MAX_NOTES_CHARACTERS]))
