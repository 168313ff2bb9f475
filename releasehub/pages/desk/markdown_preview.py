"""The preview of Markdown while an author types."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from releasehub.core.counting import count
from releasehub.core.errors import TooMany
from releasehub.markdown.rendering import render_markdown
from releasehub.pages.form_pages import account_action

WINDOW_SECONDS = 60
MAX_PER_MINUTE = 60  # a long text takes half a second; the script asks when the author pauses


@account_action
def preview(request: HttpRequest) -> HttpResponseBase:
    """Return the HTML of the field `text`, cut off at the length that a version may have.

    Too many requests of a user are refused, and the page keeps the last preview.
    """
    if count(f"preview:{request.user.pk}", WINDOW_SECONDS) > MAX_PER_MINUTE:
        raise TooMany(_("Too many previews. Try again in a minute."), wait=WINDOW_SECONDS)
    return HttpResponse(render_markdown(request.POST.get("text", "")[: settings.MAX_NOTES_CHARACTERS]))
