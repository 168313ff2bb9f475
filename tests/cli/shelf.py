"""Downloads, versions and files on a live hub, made through its API for one test each."""

from __future__ import annotations

import itertools
from typing import Any

import httpx

_numbers = itertools.count(1)


class Shelf:
    """A fresh download on the hub. Its requests go to the hub directly, past every proxy."""

    def __init__(self, api: httpx.Client) -> None:
        self.api = api
        self.key = api.headers["XF-Api-Key"]
        self.slug = f"own-{next(_numbers)}"
        made = self.post("mc-dm-downloads/", {"title": self.slug.title(), "category_id": 1, "slug": self.slug})
        self.id: int = made["download"]["download_id"]

    def post(self, path: str, body: dict[str, Any], files: Any = None) -> Any:
        """Send JSON, or a form where there are files."""
        answer = self.api.post(path, data=body, files=files) if files else self.api.post(path, json=body)
        assert answer.is_success, answer.text
        return answer.json()

    def add_version(self, number: str, *, channel: str = "stable") -> int:
        """Create a draft."""
        body = {"download_id": self.id, "version_string": number, "channel": channel, "state": "draft"}
        version: int = self.post("mc-dm-versions/", body)["version"]["version_id"]
        return version

    def add_file(self, version: int, name: str, data: bytes, **fields: Any) -> int:
        body = {"version_id": version, **fields}
        made: int = self.post("mc-dm-files/", body, files={"file": (name, data)})["file"]["file_id"]
        return made

    def publish(self, version: int) -> None:
        self.post(f"mc-dm-versions/{version}/publish/", {})

    def release(self, number: str, *, channel: str = "stable", **files: bytes) -> int:
        """Publish a version. `files`: platform, with `_` before the architecture -> bytes of a file for it."""
        version = self.add_version(number, channel=channel)
        for system, data in files.items():
            platform, _, architecture = system.partition("_")
            name = f"tool-{system.replace('_', '-')}.bin"
            self.add_file(version, name, data, platform=platform, architecture=architecture)
        self.publish(version)
        return version

    def versions(self) -> list[Any]:
        answer = self.api.get("mc-dm-versions/", params={"download_id": self.id, "with": "full", "per_page": 100})
        rows: list[Any] = answer.json()["versions"]
        return rows

    def files(self, version: int | None = None) -> dict[str, Any]:
        """Return the files of a version, or of the only one, by name."""
        if version is None:
            (row,) = self.versions()
            version = row["version_id"]
        answer = self.api.get("mc-dm-files/", params={"version_id": version, "with": "full"})
        return {row["filename"]: row for row in answer.json()["files"]}
