"""Versions for the clients that update programs, and the files that electron-builder would make for them."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import random
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.clients.programs import Programs
from tests.clients.site import Repository, authorization

BLOCK_BYTES = 4096
PROGRAM_BYTES = 600_000


def program(seed: int, *, changed: bool = False) -> bytes:
    """Return bytes that do not compress. In a changed program, one block of many differs."""
    content = bytearray(random.Random(seed).randbytes(PROGRAM_BYTES))
    if changed:
        content[200_000:201_000] = random.Random(seed + 1).randbytes(1000)
    return bytes(content)


def block_map(content: bytes) -> bytes:
    """Return the map of the blocks of a file in the form of electron-builder, as JSON."""
    blocks = [content[start : start + BLOCK_BYTES] for start in range(0, len(content), BLOCK_BYTES)]
    sums = [base64.b64encode(hashlib.blake2b(block, digest_size=18).digest()).decode() for block in blocks]
    file = {"name": "file", "offset": 0, "checksums": sums, "sizes": [len(block) for block in blocks]}
    return json.dumps({"version": "2", "files": [file]}).encode()


def block_map_file(content: bytes) -> bytes:
    """Return the file `X.blockmap` for the file X."""
    return gzip.compress(block_map(content))


def app_image(content: bytes) -> bytes:
    """Return an AppImage with its block map at the end, where electron-builder puts it."""
    image = b"\x7fELF\x02\x01\x01\x00AI\x02".ljust(64, b"\0") + content
    packer = zlib.compressobj(wbits=-15)
    packed = packer.compress(block_map(image)) + packer.flush()
    return image + packed + len(packed).to_bytes(4)


@dataclass(frozen=True)
class Shelf:
    """Publishes versions of a download over the API, and runs electron-updater against its feed."""

    repository: Repository
    programs: Programs

    @property
    def slug(self) -> str:
        return self.repository.name

    @property
    def feed(self) -> str:
        return f"{self.repository.site.url}/feeds/{self.slug}/electron"

    def publish(self, number: str, files: dict[str, bytes], **fields: Any) -> int:
        api = self.repository.site.api
        rows = api.get("/api/mc-dm-downloads/", params={"slug": self.slug}).json()["downloads"]
        body = {"download_id": rows[0]["download_id"], "version_string": number, **fields}
        made = api.post("/api/mc-dm-versions/", json=body)
        assert made.is_success, made.text
        version: int = made.json()["version"]["version_id"]
        for name, content in files.items():
            sent = api.post("/api/mc-dm-files/", data={"version_id": version}, files={"file": (name, content)})
            assert sent.is_success, sent.text
        return version

    def post(self, path: str, **body: Any) -> Any:
        done = self.repository.site.api.post(path, json=body)
        assert done.is_success, done.text
        return done.json()

    def access_key(self) -> str:
        rows = self.repository.site.api.get("/api/mc-dm-downloads/", params={"slug": self.slug}).json()["downloads"]
        body = {"download_id": rows[0]["download_id"], "name": "A customer"}
        issuer = authorization(self.repository.site.keys["issuer"])
        made = self.repository.site.api.post("/api/access-keys/", json=body, headers=issuer)
        assert made.is_success, made.text
        key: str = made.json()["access_key"]["key"]
        return key

    def update(self, system: str, version: str, **options: Any) -> Any:
        folder = self.programs.home / "cache"
        wanted = {"url": self.feed, "system": system, "version": version, "folder": str(folder), **options}
        return self.programs.run_node("electron_update.js", json.dumps(wanted)).ok().json


def bytes_of(update: Any) -> int:
    """Return how many bytes the updater received, without the feed."""
    return sum(entry["bytes"] for entry in update["received"] if not entry["path"].startswith("/feeds/"))


def is_file(update: Any, content: bytes) -> bool:
    return Path(update["files"][0]).read_bytes() == content
