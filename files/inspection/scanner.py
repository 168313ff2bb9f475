"""Asking clamd, ClamAV's daemon, what it finds in a file.  Source: clamd(8), INSTREAM."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

_PIECE_BYTES = 64 * 1024
_MAX_ANSWER_BYTES = 4096
_LENGTH = struct.Struct(">L")


class ScannerUnavailable(Exception):
    """There is no verdict; the message says why, and what to change."""


def scan(chunks: Iterable[bytes], *, address: str, timeout_seconds: float = 60) -> str | None:
    """The name of what clamd found, or None.  `address`: host:port or unix:/path.

    `timeout_seconds` is for the whole scan, not for each step.
    Errors: ScannerUnavailable when there is no answer, a late one or a strange one, or the file is too large for
    clamd; and whatever `chunks` raises, as it is.
    """
    with _Connection(address, timeout_seconds) as connection:
        is_complete = _send(connection, chunks)
        answer = connection.receive()
    return _verdict(answer, is_complete=is_complete)


class _Connection:
    """A socket whose every step has to end before the same moment."""

    def __init__(self, address: str, timeout_seconds: float) -> None:
        self._address = address
        self._timeout_seconds = timeout_seconds
        self._deadline = time.monotonic() + timeout_seconds
        with self._errors():
            self._socket = self._connect()

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> bool:
        """False when clamd stopped reading: then its answer is waiting, and says why."""
        with self._errors():
            self._socket.settimeout(self._left_seconds())
            try:
                self._socket.sendall(data)
            except (BrokenPipeError, ConnectionResetError):
                return False
        return True

    def receive(self) -> bytes:
        """The answer up to its NUL, or what there is of it."""
        answer = b""
        while b"\0" not in answer and len(answer) <= _MAX_ANSWER_BYTES and (data := self._receive_some()):
            answer += data
        return answer

    def _receive_some(self) -> bytes:
        with self._errors():
            self._socket.settimeout(self._left_seconds())
            try:
                return self._socket.recv(_MAX_ANSWER_BYTES)
            except ConnectionResetError:
                return b""

    def _connect(self) -> socket.socket:
        if self._address.startswith("unix:"):
            return _connect_unix(self._address.removeprefix("unix:"), self._left_seconds())
        host, _, port = self._address.rpartition(":")
        if not host or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
            raise ScannerUnavailable(f"The scanner's address is neither host:port nor unix:/path: {self._address}.")
        return socket.create_connection((host.strip("[]"), int(port)), timeout=self._left_seconds())

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except TimeoutError as error:
            raise ScannerUnavailable(f"The scanner gave no verdict in {self._timeout_seconds:g} seconds.") from error
        except (OSError, UnicodeError) as error:  # the latter for a host that is no name at all
            raise ScannerUnavailable(f"The scanner at {self._address} cannot be reached: {error}.") from error

    def _left_seconds(self) -> float:
        seconds = self._deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError
        return seconds


def _connect_unix(path: str, timeout_seconds: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout_seconds)
        connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _send(connection: _Connection, chunks: Iterable[bytes]) -> bool:
    """Whether all was sent.  An empty piece would end the stream, so there is none."""
    if not connection.send(b"zINSTREAM\0"):
        return False
    for chunk in chunks:
        for at in range(0, len(chunk), _PIECE_BYTES):
            piece = chunk[at : at + _PIECE_BYTES]
            if not connection.send(_LENGTH.pack(len(piece)) + piece):
                return False
    return connection.send(_LENGTH.pack(0))


def _verdict(answer: bytes, *, is_complete: bool) -> str | None:
    text, end, _ = answer.partition(b"\0")
    line = text.decode("utf-8", "replace").strip()
    if "size limit exceeded" in line.lower():
        raise ScannerUnavailable("The file is too large for the scanner: raise StreamMaxLength in clamd.conf.")
    if not end:
        raise ScannerUnavailable("The scanner closed the connection before its verdict.")
    if line.startswith("stream: ") and line.endswith(" FOUND"):
        return line.removeprefix("stream: ").removesuffix(" FOUND").strip() or "unnamed"
    if line == "stream: OK" and is_complete:
        return None
    raise ScannerUnavailable(f"The scanner gave no verdict: {line[:200]!a}.")
