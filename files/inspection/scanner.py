"""Client for clamd, the daemon of the ClamAV virus scanner. The protocol is INSTREAM, described in clamd(8).

The libraries for it have no deadline for a whole scan and no limit for a response; see docs/decisions/0026.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

_PIECE_BYTES = 64 * 1024
_MAX_ANSWER_BYTES = 4096
_LENGTH = struct.Struct(">L")


class ScannerUnavailable(Exception):
    """The scanner gave no result. The message says why, and what the operator has to change."""


def scan(chunks: Iterable[bytes], *, address: str, timeout_seconds: float = 60) -> str | None:
    """Return the name of the malware that clamd found, or None if it found nothing.

    Args:
        chunks: The bytes of the file. An exception that the iterable raises is passed on unchanged.
        address: Address of clamd, as host:port or unix:/path.
        timeout_seconds: Time limit for the whole scan, not for each step.

    Raises:
        ScannerUnavailable: clamd cannot be reached, its response is late or invalid, or the file is too large for it.
    """
    with _Connection(address, timeout_seconds) as connection:
        is_complete = all(connection.send(frame) for frame in _frames(chunks))
        answer = connection.receive()
    return _verdict(answer, is_complete=is_complete)


def _frames(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the command, the file in pieces after their lengths, and the length zero, which ends the stream."""
    yield b"zINSTREAM\0"
    for chunk in chunks:
        for at in range(0, len(chunk), _PIECE_BYTES):
            piece = chunk[at : at + _PIECE_BYTES]
            yield _LENGTH.pack(len(piece)) + piece
    yield _LENGTH.pack(0)


class _Connection:
    """A socket with one deadline for all its operations.

    A timeout per operation would not bound the scan: a slow scanner could use it up again and again.
    """

    def __init__(self, address: str, timeout_seconds: float) -> None:
        self._address, self._timeout_seconds = address, timeout_seconds
        self._deadline = time.monotonic() + timeout_seconds
        with self._operation() as seconds_left:
            self._socket = _connect(address, seconds_left)

    def __enter__(self) -> _Connection:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> bool:
        """Send data. Return False if clamd stopped reading, in which case its response says why.

        clamd closes its side when a file exceeds its limit, and its response may still be readable.
        """
        with self._operation() as seconds_left, suppress(BrokenPipeError, ConnectionResetError):
            self._socket.settimeout(seconds_left)
            self._socket.sendall(data)
            return True
        return False

    def receive(self) -> bytes:
        """Return the response up to its NUL byte, or the part of it that arrived before the connection was closed."""
        answer, data = b"", b"."
        while data and b"\0" not in answer and len(answer) <= _MAX_ANSWER_BYTES:
            data = b""
            with self._operation() as seconds_left, suppress(ConnectionResetError):
                self._socket.settimeout(seconds_left)
                data = self._socket.recv(_MAX_ANSWER_BYTES)
            answer += data
        return answer

    @contextmanager
    def _operation(self) -> Iterator[float]:
        """Yield the seconds that are left for an operation of the socket, and explain its errors."""
        try:
            if (seconds_left := self._deadline - time.monotonic()) <= 0:
                raise TimeoutError
            yield seconds_left
        except TimeoutError as error:
            raise ScannerUnavailable(
                f"The scanner did not respond within {self._timeout_seconds:g} seconds."
            ) from error
        except (OSError, UnicodeError) as error:  # UnicodeError: the host is not a valid host name
            raise ScannerUnavailable(f"The scanner at {self._address} cannot be reached: {error}.") from error


def _connect(address: str, timeout_seconds: float) -> socket.socket:
    if address.startswith("unix:"):
        return _connect_unix(address.removeprefix("unix:"), timeout_seconds)
    host, _, port = address.rpartition(":")
    if not host or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise ScannerUnavailable(f"The address of the scanner must be host:port or unix:/path, not {address}.")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=timeout_seconds)


def _connect_unix(path: str, timeout_seconds: float) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout_seconds)
        connection.connect(path)
    except BaseException:
        connection.close()
        raise
    return connection


def _verdict(answer: bytes, *, is_complete: bool) -> str | None:
    """Read clamd's response: return the name of the malware, or None for a clean file that was sent completely.

    Raises:
        ScannerUnavailable: The response is anything else. A file is never taken for clean without an explicit OK.
    """
    text, end, _ = answer.partition(b"\0")
    line = text.decode("utf-8", "replace").strip()
    if "size limit exceeded" in line.lower():
        raise ScannerUnavailable("The file is too large for the scanner. Raise StreamMaxLength in clamd.conf.")
    if not end:
        raise ScannerUnavailable("The scanner closed the connection before it responded.")
    if line.startswith("stream: ") and line.endswith(" FOUND"):
        return line.removeprefix("stream: ").removesuffix(" FOUND").strip() or "unnamed"
    if line == "stream: OK" and is_complete:
        return None
    raise ScannerUnavailable(f"The response of the scanner is not valid: {line[:200]!a}.")
