"""Log lines: one event, one line, with the request id and without secrets."""

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
    r"|(?i:(?<=[?&]key=)[^&\s\"']+)"
)


def redact(text: str) -> str:
    """Keys, tokens and the signing part of URLs become `[secret]`."""
    return _SECRETS.sub("[secret]", text)


class RequestIdFilter(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = request_id.get()
        return True


class SecretsFilter(logging.Filter):
    """Renders the message early, so that a secret passed as an argument is found too."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = redact(record.getMessage()), None
        return True


class OneLineFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        text = redact(super().format(record))
        return text if record.exc_info else one_line(text)


def one_line(text: str) -> str:
    """Control and direction characters are escaped, so nobody can forge a second line or paint a terminal."""
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
