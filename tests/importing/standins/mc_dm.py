"""A stand-in of a forum with the mc-dm API, as its documentation shows it: numbered pages and no cursors."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

from tests.importing.standins.server import MISSING, Answer, Standin, page_of

NEEDS_PARENT = {"errors": [{"code": "mc_dm_api_error.parent_filter_required", "message": "…", "params": []}]}


@dataclass
class McDmStandin(Standin):
    """A download with the number 42. `contents` has the bytes of its files by their numbers."""

    secret_header: str = "XF-Api-Key"
    versions: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    contents: dict[int, bytes] = field(default_factory=dict)
    max_per_page: int = 2
    serves_bytes: bool = True

    @property
    def api(self) -> str:
        return f"{self.url}/api"

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        if path == "/api/mc-dm-versions/":
            rows = [row for row in self.versions if str(row["download_id"]) == query.get("download_id")]
            return self.list_page("versions", rows, query) if "download_id" in query else Answer(NEEDS_PARENT, 400)
        if path == "/api/mc-dm-files/":
            rows = [row for row in self.files if str(row["version_id"]) == query.get("version_id")]
            return self.list_page("files", rows, query) if "version_id" in query else Answer(NEEDS_PARENT, 400)
        match = re.fullmatch(r"/api/mc-dm-files/(\d+)/download/", path)
        if match and self.serves_bytes and int(match[1]) in self.contents:
            return Answer(body=self.contents[int(match[1])])
        return MISSING

    def list_page(self, key: str, rows: list[dict[str, Any]], query: dict[str, str]) -> Answer:
        """Answer with a page. A length over the limit is clamped, not refused."""
        page, length = int(query.get("page", 1)), min(int(query.get("per_page", 20)), self.max_per_page)
        last_page = max(-(-len(rows) // length), 1)
        pagination = {"page": page, "per_page": length, "total": len(rows), "last_page": last_page}
        return Answer({key: page_of(rows, page, length), "pagination": pagination})

    def add_version(self, number: int, version: str, files: dict[str, bytes], **fields: Any) -> None:
        """Add a version with files. The newest one is the first of the list."""
        row = {
            "version_id": number,
            "download_id": 42,
            "version_string": version,
            "version_int": 0,
            "release_notes": f"Notes of {version}",
            "changelog": f"* Changes of {version}",
            "release_date": 1600000000 + number,
            "is_published": True,
            "file_count": len(files),
            "download_count": 31,
            "display_title": f"Acme Importer {version}",
            "primary_file_id": number * 10,
            **fields,
        }
        self.versions.insert(0, row)
        for place, (name, content) in enumerate(files.items()):
            self.add_file(number * 10 + place, number, name, content, is_primary=place == 0)

    def add_file(self, number: int, version_id: int, name: str, content: bytes, **fields: Any) -> None:
        self.contents[number] = content
        row = {
            "file_id": number,
            "version_id": version_id,
            "filename": name,
            "display_label": f"The file {name}",
            "file_size": len(content),
            "file_hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
            "mime_type": "application/octet-stream",
            "is_primary": False,
            "is_externally_linked": False,
            "external_url": None,
            "validation_status": "passed",
            "display_order": 1,
            "download_count": 31,
            "display_name": name,
            "is_external": False,
            "is_link_only": False,
            **fields,
        }
        self.files.append(row)


def some_mc_dm(standin: McDmStandin) -> McDmStandin:
    """Fill the stand-in with three versions on two pages."""
    standin.add_version(1, "1.0.0", {"importer.bin": b"first" * 100})
    files = {"importer.bin": b"second" * 100, "importer.sig": b"signature", "readme.txt": b"read me"}
    standin.add_version(2, "1.1.0", files, display_title="The big one")
    standin.add_version(3, "1.2.0 Beta 1", {"importer.bin": b"beta" * 100})
    return standin
