"""Why something could not be sent, in sentences that name neither the URL nor its address."""

from __future__ import annotations

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
    """The target is not allowed; nothing was sent to it. `reason` is a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unreachable(Exception):
    """The target did not answer in full: DNS, connection, TLS, time or protocol. `reason` is a sentence for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotLookedUp(Unreachable):
    """The resolver gave no answer about the host name; a later one may."""


@contextmanager
def errors_of_ours() -> Iterator[None]:
    """Turn the library's errors, which name URLs and addresses, into Unreachable."""
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
        return f"The certificate was not accepted: {cause.verify_message}."
    if isinstance(cause, (SSLError, ssl.SSLError)):
        return "The TLS connection failed."
    if isinstance(exc, NewConnectionError):
        return "The connection was not accepted."
    if isinstance(cause, (SlowError, TimeoutError)):  # urllib3 wraps what happens while it sends
        return "The server took too long."
    return "The server cut the connection or did not answer in HTTP."


def _is_foreign(record: logging.LogRecord) -> bool:
    """urllib3 logs paths, and a path may hold a secret."""
    return not _is_sending.get()


def _keep_quiet(names: Iterable[str]) -> None:
    for name in names:
        logging.getLogger(name).addFilter(_is_foreign)


_keep_quiet(("urllib3.connection", "urllib3.connectionpool", "urllib3.response", "urllib3.util.retry"))
