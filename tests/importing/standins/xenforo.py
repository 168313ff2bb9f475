"""A stand-in of a forum with XenForo Resource Manager: a resource, its versions, files and updates."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from tests.importing.standins.server import Answer, Standin, page_of

NOT_FOUND = Answer(
    {
        "errors": [
            {"code": "requested_page_not_found", "message": "The requested page could not be found.", "params": []}
        ]
    },
    404,
)


@dataclass
class XenForoStandin(Standin):
    """The resource 42. `contents` has the bytes of files by version and file."""

    secret_header: str = "XF-Api-Key"
    versions: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    contents: dict[tuple[int, int], bytes] = field(default_factory=dict)
    per_page: int = 2

    @property
    def api(self) -> str:
        return f"{self.url}/api"

    def answer(self, path: str, query: dict[str, str]) -> Answer:
        if path == "/api/resources/42/":
            return Answer({"resource": {"resource_id": 42, "title": "Acme Importer", "username": "ada"}})
        if path == "/api/resources/42/versions":
            return Answer({"versions": self.versions})
        if path == "/api/resources/42/updates":
            return self.update_page(int(query.get("page", 1)))
        match = re.fullmatch(r"/api/resource-versions/(\d+)/download", path)
        content = self.contents.get((int(match[1]), int(query.get("file", 0)))) if match else None
        return NOT_FOUND if content is None else Answer(body=content)

    def update_page(self, page: int) -> Answer:
        rows = page_of(self.updates, page, self.per_page)
        last_page = max(-(-len(self.updates) // self.per_page), 1)
        numbers = {"current_page": page, "last_page": last_page, "per_page": self.per_page}
        return Answer({"updates": rows, "pagination": {**numbers, "shown": len(rows), "total": len(self.updates)}})

    def add_version(self, number: int, version: str, files: dict[str, bytes], message: str = "", **fields: Any) -> None:
        released = 1600000000 + number * 86400
        rows = []
        for place, (name, content) in enumerate(files.items(), number * 10):
            self.contents[number, place] = content
            rows.append({"id": place, "filename": name, "size": len(content)})
        self.versions.append(
            {
                "resource_version_id": number,
                "resource_id": 42,
                "version_string": version,
                "release_date": released,
                "download_count": 12,
                "rating_count": 0,
                "version_state": "visible",
                "can_download": True,
                "view_url": f"https://forum.example.com/resources/acme-importer.42/version/{number}/",
                **({"files": rows} if files else {}),
                **fields,
            }
        )
        if message:
            update = {"resource_update_id": number, "resource_id": 42, "title": f"Acme Importer {version}"}
            update |= {"message": message, "message_state": "visible", "post_date": released + 1}
            self.updates.insert(0, update)


def some_xenforo(standin: XenForoStandin) -> XenForoStandin:
    """Fill the stand-in with four versions, one of which was deleted."""
    standin.add_version(1, "1.0.0", {"importer.bin": b"first" * 100})
    standin.add_version(2, "1.1.0", {"importer.bin": b"second" * 100, "readme.txt": b"read me"}, "[B]Faster[/B]")
    standin.add_version(3, "1.1.1", {"importer.bin": b"broken"}, "Broken", version_state="deleted")
    standin.add_version(4, "2.0.0 Patch Level 1", {"importer.bin": b"third" * 100}, "[LIST]\n[*]New\n[/LIST]")
    return standin
