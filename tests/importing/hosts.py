"""Stand-ins of GitHub and Gitea, with the answers that their API documents. They note every request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from files.models import File
from files.storage import blob_storage
from tests.serving import serving

TOKEN = "secret-of-the-source"


@dataclass
class Asset:
    """A file of a stand-in. `served` replaces its bytes without changing what the list says about them.

    A host that has lost the bytes answers with the status `lost`.
    """

    pk: int
    name: str
    body: bytes
    label: str | None = None
    served: bytes | None = None
    state: str = "uploaded"
    lost: int = 0


@dataclass
class Release:
    """A release of a stand-in."""

    pk: int
    tag: str
    assets: list[Asset] = field(default_factory=list)
    name: str = ""
    notes: str = ""
    draft: bool = False
    prerelease: bool = False
    published_at: str = "2021-03-04T05:06:07Z"


@dataclass
class Host:
    """The state of a stand-in.

    Attributes:
        style: `github` or `gitea`.
        needs_token: Whether it hides everything from requests without the token.
        storage_url: Where it redirects downloads of files; empty if it serves them itself.
        per_page: The size of its pages, whatever the client asks for.
        cut_after: The connection of a file ends after this many bytes, once for each file.
        cuts_always: Whether it ends every time.
        refusals: Statuses and headers that it answers to the next requests.
        has_digests: Whether its lists state digests.
        has_ranges: Whether it answers ranges.
        has_new_etags: Whether each of its answers has another ETag, although the bytes are the same.
        message: The message of its refusals.
        seen: The method, path and headers of all requests.
    """

    style: str = "github"
    releases: list[Release] = field(default_factory=list)
    needs_token: bool = False
    storage_url: str = ""
    per_page: int = 2
    cut_after: int | None = None
    cuts_always: bool = False
    refusals: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    has_digests: bool = True
    has_ranges: bool = True
    has_length: bool = True
    has_new_etags: bool = False
    message: str = "wait"
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""
    cut: set[int] = field(default_factory=set)

    @property
    def api(self) -> str:
        return self.url + {"github": "/api/v3", "gitea": "/api/v1"}[self.style]

    def asset(self, pk: int) -> Asset | None:
        return next((asset for release in self.releases for asset in release.assets if asset.pk == pk), None)

    def file_requests(self) -> list[tuple[str, dict[str, str]]]:
        return [row for row in self.seen if "/releases?" not in row[0]]


class Handler(BaseHTTPRequestHandler):
    host: Host

    def do_GET(self) -> None:
        host, path = self.host, urlsplit(self.path)
        host.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
        if host.refusals:
            status, headers = host.refusals.pop(0)
            self.reply(status, json.dumps({"message": host.message}).encode(), **headers)
        elif host.needs_token and TOKEN not in self.headers.get("Authorization", ""):
            self.reply(404, b'{"message": "Not Found"}')
        elif path.path == f"{urlsplit(host.api).path}/repos/acme/tool/releases":
            self.reply_list(int(parse_qs(path.query).get("page", ["1"])[0]))
        elif "/assets/" in path.path or "/attachments/" in path.path:
            self.reply_file(int(path.path.rpartition("/")[2]))
        else:
            self.reply(404, b'{"message": "Not Found"}')

    def reply_list(self, page: int) -> None:
        start = (page - 1) * self.host.per_page
        rows = [self.release(row) for row in self.host.releases[start : start + self.host.per_page]]
        url = f"{self.host.api}/repos/acme/tool/releases?page={page + 1}"
        has_more = start + self.host.per_page < len(self.host.releases)
        link = {"Link": f'<{url}>; rel="next", <{url}>; rel="last"'} if has_more else {}
        self.reply(200, json.dumps(rows).encode(), **link)

    def release(self, row: Release) -> dict[str, Any]:
        return {
            "id": row.pk,
            "tag_name": row.tag,
            "name": row.name,
            "body": row.notes,
            "draft": row.draft,
            "prerelease": row.prerelease,
            "target_commitish": "main",
            "created_at": "2021-03-01T00:00:00Z",
            "published_at": None if row.draft else row.published_at,
            "author": {"login": "ada"},
            "html_url": f"{self.host.url}/acme/tool/releases/tag/{row.tag}",
            "assets": [self.asset(asset) for asset in row.assets],
        }

    def asset(self, row: Asset) -> dict[str, Any]:
        values = {"id": row.pk, "name": row.name, "size": len(row.body), "download_count": 7}
        if self.host.style == "gitea":
            return values | {"browser_download_url": f"{self.host.url}/attachments/{row.pk}", "uuid": str(row.pk)}
        digest = f"sha256:{hashlib.sha256(row.body).hexdigest()}" if self.host.has_digests else None
        url = f"{self.host.api}/repos/acme/tool/releases/assets/{row.pk}"
        page = f"{self.host.url}/acme/tool/releases/download/x/{row.name}"
        values |= {"label": row.label, "state": row.state, "digest": digest, "url": url}
        return values | {"browser_download_url": page}

    def reply_file(self, pk: int) -> None:
        asset, host = self.host.asset(pk), self.host
        if asset is None:
            self.reply(404, b"{}")
        elif asset.lost:
            self.reply(asset.lost, b"{}")
        elif host.storage_url:
            self.reply(302, b"", Location=f"{host.storage_url}/assets/{pk}")
        else:
            self.reply_bytes(pk, asset.body if asset.served is None else asset.served)

    def reply_bytes(self, pk: int, body: bytes) -> None:
        stamp = str(len(self.host.seen)).encode() if self.host.has_new_etags else body
        headers = {"ETag": f'"{hashlib.md5(stamp).hexdigest()}"'}  # noqa: S324 - an ETag
        start, asked = 0, self.headers.get("Range", "")
        if asked and self.host.has_ranges:
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(body):
                self.reply(416, b"", **{"Content-Range": f"bytes */{len(body)}"})
                return
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
        cut = self.host.cut_after if self.host.cuts_always or pk not in self.host.cut else None
        self.host.cut.add(pk)
        rest = body[start:]
        self.reply(206 if "Content-Range" in headers else 200, rest, cut=cut, **headers)

    def reply(self, status: int, body: bytes, *, cut: int | None = None, **headers: str) -> None:
        self.send_response(status)
        if self.host.has_length or status != 200:
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body if cut is None else body[:cut])

    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def running(host: Host, address: str = "127.0.0.1") -> Iterator[Host]:
    """Serve the stand-in during the block."""
    server = ThreadingHTTPServer((address, 0), type("Bound", (Handler,), {"host": host}))
    host.url = f"http://{address}:{server.server_address[1]}"
    with serving(server):
        yield host


def stored_bytes(file: File) -> bytes:
    """Return the bytes of a file that the hub has stored."""
    assert file.blob is not None
    with closing(blob_storage().open(file.blob.storage_key)) as handle:
        return handle.read()


def some_releases() -> list[Release]:
    """Return three releases, the newest first."""
    return [
        Release(3, "v1.1.0-rc.1", [Asset(31, "tool.bin", b"rc" * 100)], "Candidate", "Try it", prerelease=True),
        Release(2, "v1.0.1", [Asset(21, "tool.bin", b"two" * 100), Asset(22, "notes.txt", b"")], "Second", "* Fixes"),
        Release(1, "v1.0.0", [Asset(11, "tool.bin", b"one" * 100, label="The tool")], "First", "* Born"),
    ]
