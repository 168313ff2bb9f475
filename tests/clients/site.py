"""A running hub as the clients reach it, and repositories on it: downloads of the user ann."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.clients.certificates import make_certificate
from tests.hubs import ROOT, Hub, environment, start
from tests.nginx import nginx_in_front

OWNER = "ann"
BEHIND_NGINX = {"RELEASEHUB_BEHIND_PROXY": "1"}
VARIABLES = {"RELEASEHUB_DEMO": "0", "RELEASEHUB_ANONYMOUS_RATE": "0"}
_numbers = itertools.count(1)


@dataclass
class Site:
    """A hub with its keys. `url` is plain HTTP without a proxy; `tls_url` leads through nginx."""

    hub: Hub
    keys: dict[str, str]
    category: int
    tls_url: str = ""
    authority: Path = Path()
    api: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.api = httpx.Client(base_url=self.url, headers=authorization(self.keys["writer"]), timeout=120)

    @property
    def url(self) -> str:
        return self.hub.url

    @property
    def tls_host(self) -> str:
        return self.tls_url.removeprefix("https://")

    @property
    def rest_url(self) -> str:
        return f"{self.url}/api/v3"

    def make_repository(self, *, is_private: bool = False, name: str = "") -> Repository:
        slug = name or f"tool-{next(_numbers)}"
        body = {"title": slug.title(), "category_id": self.category, "slug": slug}
        made = self.api.post("/api/mc-dm-downloads/", json=body | {"visibility": "private" if is_private else "public"})
        assert made.is_success, made.text
        return Repository(self, slug)


@dataclass(frozen=True)
class Repository:
    """A download, with the calls that tests use to prepare it and to look at it."""

    site: Site
    name: str

    @property
    def full_name(self) -> str:
        return f"{OWNER}/{self.name}"

    @property
    def rest(self) -> str:
        return f"/api/v3/repos/{self.full_name}"

    def get(self, path: str = "", key: str | None = None, **options: Any) -> httpx.Response:
        """Ask the REST API below the repository, with the key of the writer, another one, or none (`""`)."""
        return self.call("GET", path, key, **options)

    def call(self, method: str, path: str, key: str | None = None, **options: Any) -> httpx.Response:
        key = self.site.keys["writer"] if key is None else key
        headers = {**(authorization(key) if key else {}), **options.pop("headers", {})}
        with httpx.Client(base_url=self.site.url, headers=headers, timeout=120) as client:
            return client.request(method, self.rest + path, **options)

    def create(self, tag: str, *, draft: bool = False, **fields: Any) -> Any:
        """Create a release without assets, as a preparation."""
        made = self.call("POST", "/releases", json={"tag_name": tag, "draft": draft, **fields})
        assert made.status_code == 201, made.text
        return made.json()

    def release(self, tag: str, files: dict[str, bytes], **fields: Any) -> Any:
        """Publish a release with these files."""
        draft = self.create(tag, draft=True, **fields)
        for name, content in files.items():
            self.attach(draft, name, content)
        published = self.call("PATCH", f"/releases/{draft['id']}", json={"draft": False})
        assert published.status_code == 200, published.text
        return published.json()

    def seal(self, release: Any) -> None:
        """Publish a draft through the v3 API, which seals it."""
        headers = authorization(self.site.keys["sealer"])
        sealed = self.site.api.post(f"/v3/releases/{release['node_id']}/publish", headers=headers)
        assert sealed.is_success, sealed.text

    def attach(self, release: Any, name: str, content: bytes) -> Any:
        url = release["upload_url"].partition("{")[0]
        headers = {"Content-Type": "application/octet-stream"}
        sent = self.site.api.post(url, params={"name": name}, content=content, headers=headers)
        assert sent.status_code == 201, sent.text
        return sent.json()

    def releases(self) -> list[Any]:
        listed = self.get("/releases", params={"per_page": 100})
        assert listed.status_code == 200, listed.text
        rows: list[Any] = listed.json()
        return rows

    def by_tag(self, tag: str) -> Any:
        found = self.get(f"/releases/tags/{tag}")
        assert found.status_code == 200, found.text
        return found.json()

    def asset_names(self, tag: str) -> set[str]:
        return {asset["name"] for asset in self.by_tag(tag)["assets"]}


def authorization(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def prepare(hub: Hub) -> Any:
    """Create the users, their keys and a category in a process of its own, as an operator does with a command."""
    command = [sys.executable, "-m", "tests.clients.people"]
    done = subprocess.run(command, cwd=ROOT, env=environment(hub.data), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@contextmanager
def running_site(folder: Path, *, tls: bool = True, **variables: str) -> Iterator[Site]:
    """Run a hub, behind nginx with TLS if the clients need it."""
    with ExitStack() as stack:
        hub = start(folder / "hub", **VARIABLES, **(BEHIND_NGINX if tls else {}), **variables)
        stack.callback(hub.end)
        site = Site(hub, **prepare(hub))
        stack.enter_context(site.api)
        if tls:
            certificate = make_certificate(folder)
            (folder / "nginx").mkdir()
            site.tls_url = stack.enter_context(nginx_in_front(hub, folder / "nginx", certificate))
            site.authority = certificate.authority
        yield site
