"""Log formatting: each event is one line that contains the request id and no secrets."""

import logging
import re
from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("request_id", default="-")

_SECRETS = re.compile(
    r"rhk?_[0-9A-Za-z]{8,}"
    r"|(?i:(?<=bearer )[\w.~+/=-]{8,})"
    r"|(?i:(?<=signature=)[^&\s\"']+)"
    r"|(?i:(?<=credential=)[^&\s\"']+)"
    r"|(?<=/uploads/content/)[\w:-]+"
    r"|(?<=/files/content/)[\w:-]+"
    r"|(?<=/share/)[^/?\s\"']+"
    r"|(?<=/preview/)[^/?\s\"']+"
    r"|(?i:(?<=[?&]key=)[^&\s\"']+)"
)


def redact(text: str) -> str:
    """Replace API keys, tokens and the signatures of URLs by `[secret]`."""
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


class OneLineFormatter(logging.Formatter):
    """Formats a record as one line. Only a traceback takes more."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        text = redact(super().format(record))
        return text if record.exc_info else one_line(text)


def one_line(text: str) -> str:
    """Escape control characters and text direction marks.

    Otherwise a client could forge log lines, or change what the operator's terminal shows.
    """
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
