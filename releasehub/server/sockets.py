"""The TCP sockets of this process, as the kernel describes them."""

import fcntl
import os
import socket
import struct
import termios
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

ESTABLISHED, LISTENING = 1, 10
# `struct tcp_info` of Linux: state, milliseconds since data last arrived, and bytes that the peer has acknowledged.
TCP_INFO_BYTES, SILENT_OFFSET, CONFIRMED_OFFSET = 128, 52, 120
DESCRIPTORS = Path("/proc/self/fd")
RESET_ON_CLOSE = struct.pack("ii", 1, 0)
Peer = tuple[str, int]


@dataclass(frozen=True)
class Connection:
    """A connection of a client.

    The client has acknowledged `taken_bytes`. `waiting_bytes` were sent after them and are not acknowledged yet.
    """

    peer: Peer
    waiting_bytes: int = 0
    taken_bytes: int = 0
    silent_milliseconds: int = 0


def open_connections() -> Iterator[tuple[Connection, socket.socket]]:
    """Yield the connections of clients, each with a duplicate of its socket that the caller has to close."""
    with_states = list(_tcp_sockets())
    ports = {duplicate.getsockname()[1] for duplicate, info in with_states if info[0] == LISTENING}
    for duplicate, info in with_states:
        connection = None
        if info[0] == ESTABLISHED:
            with suppress(OSError):  # the connection was closed in the meantime
                connection = _connection_of(duplicate, info) if duplicate.getsockname()[1] in ports else None
        if connection is None:
            duplicate.close()
        else:
            yield connection, duplicate


def _tcp_sockets() -> Iterator[tuple[socket.socket, bytes]]:
    """Yield a duplicate of each TCP socket of this process, with the kernel's information about it.

    The descriptors belong to Granian, whose threads can close them at any time. Working on duplicates ensures that a
    number which is reused in the meantime cannot make this code close another connection.
    """
    for name in os.listdir(DESCRIPTORS):
        with suppress(OSError):  # its owner has closed it in the meantime
            if not os.readlink(DESCRIPTORS / name).startswith("socket:"):
                continue
            duplicate = _open_socket(os.dup(int(name)))
            try:
                info = duplicate.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, TCP_INFO_BYTES)
            except OSError:  # a socket of another protocol
                duplicate.close()
            else:
                yield duplicate, info


def _open_socket(handle: int) -> socket.socket:
    try:
        return socket.socket(fileno=handle)
    except OSError:  # the descriptor was closed and reused for something else in the meantime
        os.close(handle)
        raise


def _connection_of(duplicate: socket.socket, info: bytes) -> Connection:
    host, port = duplicate.getpeername()[:2]
    waiting_bytes = struct.unpack("i", fcntl.ioctl(duplicate, termios.TIOCOUTQ, bytes(4)))[0]
    (silent,) = struct.unpack_from("I", info, SILENT_OFFSET)
    (taken_bytes,) = struct.unpack_from("Q", info, CONFIRMED_OFFSET)
    return Connection((host, port), waiting_bytes, taken_bytes, silent)


def reset_connection(connected: socket.socket) -> None:
    """Shut down the connection, which Granian holds too, and discard the data that still waits for the client."""
    # Both calls act on the socket itself and not on the duplicate of its descriptor, so Granian sees the end of the
    # connection and closes its own descriptor. Without the reset, the kernel would keep the unsent data for minutes.
    with suppress(OSError):
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        connected.shutdown(socket.SHUT_RDWR)
