"""Errors of outgoing requests. Their messages contain neither the URL nor an IP address."""

import http.client
import logging
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from urllib3.exceptions import HTTPError, NewConnectionError, ProtocolError, SSLError
from urllib3.exceptions import TimeoutError as SlowError

_is_sending: ContextVar[bool] = ContextVar("outbound_is_sending", default=False)


class Refused(Exception):
    """The target is not allowed, so nothing was sent to it. `reason` is a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreachable(Exception):
    """The target did not send a complete response in time. `reason` is a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class LookupFailed(Unreachable):
    """The host name could not be resolved at the moment. A later attempt may succeed."""


@contextmanager
def translate_errors() -> Iterator[None]:
    """Replace errors of the HTTP library, which contain URLs and IP addresses, by Unreachable."""
    token = _is_sending.set(True)
    try:
        yield
    except (HTTPError, http.client.HTTPException, OSError) as exc:
        raise Unreachable(_reason(exc)) from None
    finally:
        _is_sending.reset(token)


def _reason(exc: Exception) -> str:
    cause = exc.args[-1] if isinstance(exc, SSLError | ProtocolError) and exc.args else exc
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"The TLS certificate of the server is not trusted: {cause.verify_message}."
    if isinstance(cause, (SSLError, ssl.SSLError)):
        return "The TLS handshake with the server failed."
    if isinstance(exc, NewConnectionError):
        return "The server refused the connection."
    if isinstance(cause, (SlowError, TimeoutError)):  # urllib3 wraps errors that occur while it sends
        return "The server took too long to respond."
    return "The server closed the connection early, or its response is not valid HTTP."


def _is_not_ours(record: logging.LogRecord) -> bool:
    """Drop log records of urllib3 during our requests. They contain paths, and a path may contain a secret."""
    return not _is_sending.get()


def _add_log_filter(names: Iterable[str]) -> None:
    for name in names:
        logging.getLogger(name).addFilter(_is_not_ours)


_add_log_filter(("urllib3.connection", "urllib3.connectionpool", "urllib3.response", "urllib3.util.retry"))


class InvalidUrl(ValueError):
    """The URL is invalid. The message says what to change."""
