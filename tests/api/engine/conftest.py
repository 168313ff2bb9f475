"""The download that the engine dialect serves, its owner, and a client with the owner's key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from files.models import File
from tests.conftest import ApiClient, Ready
from tests.factories import make_download, make_file, make_key, make_loose_upload, make_user, make_version
from versions.models import Version

PAGE = "https://github.com/o/r/releases/tag/v1"


class Engine:
    def __init__(self) -> None:
        self.owner = make_user()
        self.client = ApiClient(make_key(self.owner))
        self.download = make_download(self.owner, title="Engine")
        self.guest = ApiClient()

    def body(self, **fields: Any) -> dict[str, Any]:
        """Return the minimal body of a version; its file is a completed upload unless `files` is given."""
        known = {"version_number": "1.0.0", "github_release_url": PAGE}
        if "files" not in fields:
            known["files"] = [{"file_id": make_loose_upload(self.owner).public_id}]
        return {"data": known | fields}

    def post(self, **fields: Any) -> Any:
        return self.client.send("post", "/version", self.body(**fields))

    def patch(self, version: Version, **fields: Any) -> Any:
        return self.client.send("patch", f"/version/{version.public_id}", {"data": fields})

    def version(self, number: str = "1.0.0", **fields: Any) -> Version:
        return make_version(self.download, number, **fields)

    def file(self, number: str = "1.0.0", **fields: Any) -> File:
        version = self.version(number, **{key: fields.pop(key) for key in ("state", "channel") if key in fields})
        return make_file(version, **fields)


@pytest.fixture(scope="module")
def ready_engine(make_ready: Any) -> Iterator[Ready]:
    with make_ready(Engine) as made:
        yield made


@pytest.fixture
def engine(ready_engine: Ready) -> Engine:
    return ready_engine.take()
