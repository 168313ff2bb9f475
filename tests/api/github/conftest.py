"""A repository of the GitHub dialect, with clients of its owner and of an anonymous visitor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.conftest import ApiClient, Ready
from tests.factories import make_download, make_key, make_user

BINARY = "application/octet-stream"


class Repository:
    def __init__(self) -> None:
        self.owner = make_user("Ada")
        self.download = make_download(self.owner, slug="tool", title="Tool")
        self.client = ApiClient(make_key(self.owner))
        self.guest = ApiClient()
        self.path = "/api/v3/repos/Ada/tool"

    def get(self, path: str = "", client: Any = None, **options: Any) -> Any:
        return (client or self.client).get(f"{self.path}{path}", **options)

    def send(self, method: str, path: str, data: Any = None, client: Any = None, **options: Any) -> Any:
        return (client or self.client).send(method, f"{self.path}{path}", data, **options)

    def create(self, tag: str = "v1.0.0", *, client: Any = None, **fields: Any) -> Any:
        """Create a release, a draft by default, and return its response."""
        return self.send("post", "/releases", {"tag_name": tag, "draft": True} | fields, client)

    def upload(self, release: int, name: str = "tool.bin", content: bytes = b"bytes", **query: str) -> Any:
        query = {"name": name} | query
        client, media = query.pop("client", self.client), query.pop("media", BINARY)
        path = f"/api/uploads/repos/Ada/tool/releases/{release}/assets?{urlencode(query)}"
        return client.generic("POST", path, content, content_type=media)

    def publish(self, tag: str = "v1.0.0", *names: str, **fields: Any) -> Any:
        """Create a release with files as release tools do, publish it, and return its JSON."""
        release = self.create(tag, **fields).json()
        for name in names or ("tool.bin",):
            assert self.upload(release["id"], name, f"{tag} {name}".encode()).status_code == 201
        answer = self.send("patch", f"/releases/{release['id']}", {"draft": False})
        assert answer.status_code == 200, answer.content
        return answer.json()


@pytest.fixture(scope="module")
def ready_repository(make_ready: Any) -> Iterator[Ready]:
    with make_ready(Repository) as made:
        yield made


@pytest.fixture
def repository(ready_repository: Ready, db: None) -> Repository:
    return ready_repository.take()
