"""Log formatting: each event is one line, as text or JSON, that contains the request id and no secrets.

As text, the lines of a traceback follow. They are indented, so that no line of its own can begin within an event.
"""

import json
import logging
import re
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

NO_REQUEST = "-"
request_id: ContextVar[str] = ContextVar("request_id", default=NO_REQUEST)

# The alternatives are grouped by the character before the secret. Otherwise each of them would be tried at every
# character of each message.
_SECRETS = re.compile(
    r"rhk?_[0-9A-Za-z]{8,}"
    r"|(?<= )(?i:(?<=bearer )[\w.~+/=-]{8,})"
    r"|(?<==)(?i:(?:(?<=signature=)|(?<=credential=)|(?<=[?&]key=))[^&\s\"']+)"
    r"|(?<=/)(?:"
    r"(?:(?<=/uploads/content/)|(?<=/files/content/)|(?<=/share/)|(?<=/preview/)|(?<=/k/)|(?<=/stop/)|(?<=/set-up/)"
    r"|(?<=/by-link/)|(?<=/email/confirm/))[^/?\s\"']+"
    r"|(?<=/password/reset/)[0-9A-Za-z]+-[\w-]+"
    r"|(?<=://)[^/?#\s\"']+(?=@)"
    r")"
)


def redact(text: str) -> str:
    """Replace API keys, tokens, and the signatures and credentials of URLs by `[secret]`."""
    return _SECRETS.sub("[secret]", text)


class RequestIdFilter(logging.Filter):
    """Adds the id of the current request to every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class SecretsFilter(logging.Filter):
    """Redacts secrets. It renders the message first, so that secrets in the arguments are found too."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        return True


class BadRequestFilter(logging.Filter):
    """Leaves out the traceback of requests that Django refuses, such as those for an unknown host.

    Anyone can send them. The message says what is wrong, and the traceback always leads to the same check.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("django.security."):
            record.exc_info = record.exc_text = None
        return True


class OneLineFormatter(logging.Formatter):
    """Formats a record as one line. Only a traceback takes more, which are indented."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        record.exc_text = None  # another formatter may have stored its own text there
        return redact(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - overrides
        return one_line(super().formatMessage(record))

    def formatException(self, *args: Any) -> str:  # noqa: N802 - overrides
        return indented(super().formatException(*args))

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - overrides
        return indented(super().formatStack(stack_info))


class JsonFormatter(logging.Formatter):
    """Formats a record as one JSON object in one line, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "request_id": getattr(record, "request_id", NO_REQUEST),
            "message": redact(record.getMessage()),
        }
        if record.exc_info:
            entry["traceback"] = redact(self.formatException(record.exc_info))
        return json.dumps(entry | trace_ids())


def trace_ids() -> dict[str, str]:
    """Return the ids of the current OpenTelemetry span, or nothing if there is none or it is not installed."""
    telemetry = sys.modules.get("opentelemetry.trace")
    if telemetry is None:
        return {}
    context = telemetry.get_current_span().get_span_context()
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"} if context.is_valid else {}


def current_request_id() -> str:
    """Return the id of the current request or task, or an empty string outside of both."""
    current = request_id.get()
    return "" if current == NO_REQUEST else current


def indented(text: str) -> str:
    """Indent the lines. The texts of errors may have any character, so those that could forge a line are escaped."""
    return "\n".join(f"  {one_line(line)}" for line in text.split("\n"))


def one_line(text: str) -> str:
    """Escape control characters and text direction marks.

    Otherwise a client could forge log lines, or change what the operator's terminal shows.
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
