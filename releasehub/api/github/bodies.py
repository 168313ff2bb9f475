"""Release notes in the form that the media type of the request asks for: Markdown, text or HTML."""

import re
from collections.abc import Callable
from html import unescape

from django.utils.html import strip_tags

from releasehub.markdown.rendering import render_markdown

RAW, TEXT, HTML, FULL = "raw", "text", "html", "full"
_FORMAT = re.compile(r"application/vnd\.github(?:\.[\w-]+)?\.(raw|text|html|full)\b", re.IGNORECASE)


def body_format(accept: str) -> str:
    """Return the form that an `Accept` header names first, and Markdown if it names none."""
    found = _FORMAT.search(accept)
    return found[1].lower() if found else RAW


def bodies_of(notes: str, form: str) -> dict[str, str]:
    """Return the members that hold the notes in this form."""
    return {name: convert(notes) for name, convert in _MEMBERS[form].items()}


def _as_html(notes: str) -> str:
    return str(render_markdown(notes))


def _as_text(notes: str) -> str:
    return unescape(strip_tags(render_markdown(notes))).strip()


_MEMBERS: dict[str, dict[str, Callable[[str], str]]] = {
    RAW: {"body": str},
    TEXT: {"body_text": _as_text},
    HTML: {"body_html": _as_html},
    FULL: {"body": str, "body_text": _as_text, "body_html": _as_html},
}
