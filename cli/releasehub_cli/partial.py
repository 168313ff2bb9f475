"""Partial files of interrupted downloads, and the headers that request the rest."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path

import httpx

from releasehub_cli.offers import FileOffer

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class Partial:
    """The file NAME.part with the bytes received so far, and NAME.part.json with the offer they belong to."""

    def __init__(self, path: Path) -> None:
        self.path, self.note = path, path.with_name(f"{path.name}.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def stored_offer(self) -> FileOffer | None:
        """Return the offer that the stored bytes belong to, or None if no usable bytes are stored."""
        try:
            return FileOffer(**json.loads(self.note.read_text("utf-8"))) if self.size else None
        except (OSError, ValueError, TypeError):
            return None

    def start(self, offer: FileOffer) -> None:
        self.path.write_bytes(b"")
        self.note.write_text(json.dumps(asdict(offer)), "utf-8")

    def empty(self) -> None:
        self.path.write_bytes(b"")

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def range_headers(start: int, etag: str) -> dict[str, str]:
    """Return the headers that request the rest of a file.

    A weak or missing ETag is not sent as If-Range; the digest is verified at the end in any case.
    """
    if not start:
        return {}
    condition = {"If-Range": etag} if etag.startswith('"') else {}
    return {"Range": f"bytes={start}-"} | condition


def first_byte(response: httpx.Response) -> int:
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return int(match[1]) if match else -1
