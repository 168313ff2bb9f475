"""An owner with a product and a signed-in client, for the tests of the v3 dialect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from downloads.models import Download
from releasehub.accounts.models import User
from releasehub.apikeys.tokens import issue_token
from tests.conftest import ApiClient
from tests.factories import make_download, make_user


def signed_in(user: User) -> ApiClient:
    client = ApiClient()
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {issue_token(user)}"
    return client


def fetch(client: ApiClient, url: str, **options: Any) -> tuple[int, bytes]:
    """Return status and body of an absolute URL of the hub, without following a redirect to the storage."""
    answer = client.get(url.removeprefix("http://testserver"), **options)
    return answer.status_code, b"".join(answer) if answer.streaming else answer.content


@dataclass
class Shop:
    owner: User
    product: Download
    client: ApiClient

    def release(self, **fields: Any) -> dict[str, Any]:
        """Create a draft of a release."""
        body = {"name": "Spring", "version": "1.0.0", "channel": "stable", "productId": self.product.public_id} | fields
        answer = self.client.send("post", "/v3/releases", body)
        assert answer.status_code == 201, answer.content
        return answer.json()

    def upload(self, release: dict[str, Any], name: str = "tool.bin", content: bytes = b"bytes") -> Any:
        path = f"/v3/{release['id']}/{name}"
        return self.client.put(path, content, content_type="application/octet-stream")

    def published(self, **fields: Any) -> dict[str, Any]:
        """Create a published release with a file."""
        release = self.release(**fields)
        assert self.upload(release).status_code == 200
        return self.act(release, "publish").json()

    def act(self, release: dict[str, Any], step: str) -> Any:
        return self.client.send("post", f"/v3/releases/{release['id']}/{step}")

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(path, query)


def open_shop() -> Shop:
    owner = make_user("ann", email="ann@example.org")
    # Most tests download as guests; the default, which secures uploads, has tests of its own.
    return Shop(owner, make_download(owner, secures_uploads=False), signed_in(owner))
