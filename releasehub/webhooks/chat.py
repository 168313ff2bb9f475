"""Messages for chats: the bodies that the incoming webhooks of Slack, Discord, Microsoft Teams and Matrix expect.

All texts from users are escaped in the way of each chat, so that they neither mention anybody nor contain markup.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from releasehub.core.clean import fold_whitespace
from releasehub.webhooks.models import Endpoint, Event
from releasehub.webhooks.pages import page_url

# Escaped, it stays below the limits of Slack (40,000 characters), Teams (28 KB) and Matrix (64 KB).
MAX_TEXT_CHARACTERS = 1500
MAX_HEADLINE_CHARACTERS = 300
# Discord counts the characters of the escaped text. A character outside of the basic plane may count twice.
MAX_DISCORD_CHARACTERS = 2000
SUPPRESS_EMBEDS = 4
ELLIPSIS = "\u2026"

_DISCORD_MARKUP = re.compile(r"([\\*_~`|<>@#:\[\]()-])")
_TEXTS = {
    "published": ("release_notes", "changelog"),
    "yanked": ("yank_reason",),
    "created": ("text",),
    "approved": ("text",),
}
_ENDINGS = {
    "unyanked": "is no longer yanked",
    "validated": "has passed the checks",
    "rejected": "has failed the checks",
}


@dataclass(frozen=True)
class Message:
    """A sentence about an event, a longer text that may be empty, and the URL of the page, if there is one."""

    headline: str
    text: str = ""
    url: str = ""


def message_of(event: Event) -> Message:
    data = event.data
    kind, _, verb = event.type.partition(".")
    if kind == "endpoint":
        return Message(_one_line(data["message"]))
    version = {"version": data, "file": data.get("version")}.get(kind) or {}
    download = version.get("download") or data.get("download") or data
    names = [download.get("title", ""), version.get("number", "")]
    name = " ".join(part for part in names if part)
    if kind in {"comment", "review"}:
        subject = f"A {_opinion(data)} by {(data.get('author') or {}).get('username', 'a deleted account')} on {name}"
    else:
        subject = f"{data.get('filename', '')} of {name}" if kind == "file" else name
    text = next((data[name] for name in _TEXTS.get(verb, ()) if data.get(name)), "")
    headline = f"{_one_line(subject)} {_ENDINGS.get(verb, f'was {verb}')}."
    return Message(headline, _shorten(text.strip(), MAX_TEXT_CHARACTERS), page_url(download, version))


def _opinion(data: Mapping[str, Any]) -> str:
    return f"review ({data['rating']} of 5)" if "rating" in data else "comment"


def _one_line(text: str) -> str:
    return _shorten(fold_whitespace(text), MAX_HEADLINE_CHARACTERS)


def _shorten(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + ELLIPSIS


def slack_body(message: Message) -> dict[str, Any]:
    """Return a message for Slack. Only `&`, `<` and `>` have a meaning without `mrkdwn`, also in `<!channel>`."""
    parts = [escape(message.headline, quote=False), escape(message.text, quote=False), _in_brackets(message.url)]
    return {"text": _joined(parts), "mrkdwn": False, "unfurl_links": False}


def discord_body(message: Message) -> dict[str, Any]:
    """Return a message for Discord, without mentions and previews of links."""
    url = _in_brackets(message.url)
    room = MAX_DISCORD_CHARACTERS - _units(url) - 4
    headline = _discord_text(message.headline, room)
    text = _discord_text(message.text, room - _units(headline))
    content = _joined([headline, text, url])
    return {"content": content, "allowed_mentions": {"parse": []}, "flags": SUPPRESS_EMBEDS}


def teams_body(message: Message) -> dict[str, Any]:
    """Return an adaptive card for Microsoft Teams. Its text runs contain no markup, and so need no escaping."""
    runs = [{"type": "TextRun", "text": message.headline, "weight": "Bolder"}]
    blocks: list[dict[str, Any]] = [{"type": "RichTextBlock", "inlines": runs}]
    if message.text:
        blocks.append({"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": message.text}]})
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": blocks,
        "actions": [{"type": "Action.OpenUrl", "title": "Open", "url": message.url}] if message.url else [],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [attachment]}


def matrix_body(message: Message) -> dict[str, Any]:
    """Return a message for the generic webhooks of the Matrix bridge Hookshot.

    An invisible character after each at sign prevents mentions such as `@room`.
    """
    headline, text = (part.replace("@", "@\u200b") for part in (message.headline, message.text))
    link = f'<a href="{escape(message.url)}">{escape(message.url)}</a>' if message.url else ""
    html = [f"<strong>{escape(headline)}</strong>", escape(text).replace("\n", "<br>"), link]
    return {"text": _joined([headline, text, message.url]), "html": "<br>".join(part for part in html if part)}


def _discord_text(text: str, room: int) -> str:
    """Return the escaped text, cut to the number of characters."""
    escaped = _DISCORD_MARKUP.sub(r"\\\1", text)
    if _units(escaped) <= room:
        return escaped
    pieces, used = [], 1
    for char in text:
        piece = _DISCORD_MARKUP.sub(r"\\\1", char)
        used += _units(piece)
        if used > room:
            break
        pieces.append(piece)
    return "".join(pieces) + ELLIPSIS if room > 0 else ""


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _in_brackets(url: str) -> str:
    return f"<{url}>" if url else ""


def _joined(parts: list[str]) -> str:
    return "\n".join(part for part in parts if part)


BODIES: dict[str, Callable[[Message], dict[str, Any]]] = {
    Endpoint.Format.SLACK: slack_body,
    Endpoint.Format.DISCORD: discord_body,
    Endpoint.Format.TEAMS: teams_body,
    Endpoint.Format.MATRIX: matrix_body,
}
