"""Measurement of uploads of one large file, and of the same work without a server."""

import hashlib
import http.client
import json
import os
import tempfile
import time
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from tests.services.processes import HOST

MEGABYTE = 1_000_000
BOUNDARY = "bench-7d1f0c"
CHUNK = 256 * 1024
_numbers = count(1)


@dataclass(frozen=True)
class Place:
    """The target of uploads. The files in `folder` are removed after each upload, outside the measured time.

    `part` and `filename` are the names in the form. By default each file gets a name of its own.
    """

    port: int
    path: str
    folder: Path
    headers: dict[str, str]
    fields: dict[str, str]
    part: str = "file"
    filename: str = ""


def megabytes_per_second(place: Place, size: int) -> float:
    """Upload `size` bytes and return the rate in megabytes per second.

    Raises:
        RuntimeError: The status of the response is neither 201 nor 200.
    """
    body = multipart(new_content(size), place.fields, place.part, place.filename)
    headers = place.headers | {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    connection = http.client.HTTPConnection(HOST, place.port, timeout=300)
    connection.connect()
    started = time.perf_counter()
    connection.request("POST", place.path, body, headers)
    response = connection.getresponse()
    answer = response.read()
    seconds = time.perf_counter() - started
    connection.close()
    if response.status not in {200, 201}:
        raise RuntimeError(f"The upload was answered with {response.status}: {answer[:500]!r}")
    if answer:
        json.loads(answer)
    empty(place.folder)
    return size / MEGABYTE / seconds


def bare_megabytes_per_second(folder: Path, size: int) -> float:
    """Compute the same digests and write the same file without a server, and return the rate."""
    content = memoryview(new_content(size))
    started = time.perf_counter()
    hashes = [hashlib.new(name, usedforsecurity=False) for name in ("sha256", "sha512", "md5")]
    with tempfile.NamedTemporaryFile(dir=folder, buffering=0, delete=False) as file:
        for start in range(0, size, CHUNK):
            chunk = content[start : start + CHUNK]
            for digest in hashes:
                digest.update(chunk)
            file.write(chunk)
        os.fsync(file.fileno())
    seconds = time.perf_counter() - started
    empty(folder)
    return size / MEGABYTE / seconds


def new_content(size: int) -> bytes:
    """Return content that is different every time, because ReleaseHub stores identical content only once."""
    block = os.urandom(1024 * 1024)
    return f"{next(_numbers):016}{time.time_ns():020}".encode() + (block * (size // len(block) + 1))[: size - 36]


def multipart(content: bytes, fields: dict[str, str], part: str = "file", filename: str = "") -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    ]
    name = filename or f"upload-{next(_numbers)}-{time.time_ns()}.bin"
    parts.append(f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{part}"; filename="{name}"\r\n')
    parts.append("Content-Type: application/octet-stream\r\n\r\n")
    return "".join(parts).encode() + content + f"\r\n--{BOUNDARY}--\r\n".encode()


def empty(folder: Path) -> None:
    for file in folder.rglob("*"):
        if file.is_file():
            file.unlink()
