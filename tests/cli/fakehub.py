"""A hub and its storage as the API documents have them, on two ports, in memory, with faults on order.

Two ports are two origins: whatever the storage is sent that only the hub may see is a leak.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

KEY = "rh_test_0123456789abcdef"
PART_BYTES = 64 * 1024
CHUNK_BYTES = 64 * 1024


@dataclass
class Seen:
    server: str
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any = None


@dataclass
class Session:
    id: str
    fields: dict[str, Any]
    part_bytes: int
    state: str = "created"
    received: dict[int, bytes | int] = field(default_factory=dict)
    file_id: int | None = None
    error: dict[str, str] | None = None
    polls: int = 0

    @property
    def size(self) -> int:
        return int(self.fields["size_bytes"])

    @property
    def count(self) -> int:
        return max(1, -(-self.size // self.part_bytes)) if self.part_bytes else 1

    def span(self, number: int) -> tuple[int, int]:
        first = (number - 1) * self.part_bytes
        return first, min(self.part_bytes or self.size, self.size - first)


Fault = Callable[["Handler"], bool]


class FakeHub:
    """`faults`: (server, method, pattern of the path) -> what to do instead, each used once, in order."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.seen: list[Seen] = []
        self.puts: Counter[tuple[str, int]] = Counter()
        self.finished: Counter[tuple[str, int]] = Counter()
        self.faults: list[tuple[str, str, str, Fault]] = []
        self.expired: set[str] = set()
        self.sessions: dict[str, Session] = {}
        self.downloads = {1: {"slug": "packsmith", "title": "Packsmith"}, 2: {"slug": "other", "title": "Other"}}
        self.versions: dict[int, dict[str, Any]] = {}
        self.files: dict[int, dict[str, Any]] = {}
        self.content: dict[str, bytes] = {}
        self.part_bytes = PART_BYTES
        self.single_put_below = PART_BYTES
        self.keeps_bytes = True
        self.validation = "passed"
        self.pause: Callable[[int], None] = lambda number: None
        self.redirects_downloads = False
        self.token = 0
        self.numbers = iter(range(20, 10_000))
        self.hub = _serve(self, "hub")
        self.storage = _serve(self, "storage")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.hub.server_port}"

    @property
    def storage_url(self) -> str:
        return f"http://127.0.0.1:{self.storage.server_port}"

    def close(self) -> None:
        for server in (self.hub, self.storage):
            server.shutdown()
            server.server_close()

    def fail(self, server: str, method: str, path: str, *faults: Fault) -> None:
        self.faults += [(server, method, path, fault) for fault in faults]

    def fault_for(self, server: str, method: str, path: str) -> Fault | None:
        with self.lock:
            for index, (where, verb, pattern, fault) in enumerate(self.faults):
                if (where, verb) == (server, method) and re.fullmatch(pattern, path):
                    del self.faults[index]
                    return fault
        return None

    def requests(self, method: str, pattern: str) -> list[Seen]:
        return [seen for seen in self.seen if seen.method == method and re.fullmatch(pattern, seen.path)]

    def only_session(self) -> Session:
        (session,) = self.sessions.values()
        return session

    # --- what is there ---

    def add_version(self, number: str, *, channel: str = "stable", state: str = "draft", download: int = 1) -> int:
        pk = next(self.numbers)
        self.versions[pk] = {
            "version_id": pk,
            "download_id": download,
            "version_string": number,
            "display_title": f"{self.downloads[download]['title']} {number}",
            "release_notes": "",
            "channel": channel,
            "state": state,
            "is_published": state == "published",
            "is_yanked": False,
            "release_date": 1_760_000_000,
            "primary_file_id": 0,
        }
        return pk

    def add_file(self, version: int, name: str, data: bytes | str, **fields: Any) -> int:
        """`data`: the bytes, or their digest when they were not kept."""
        digest = data if isinstance(data, str) else hashlib.sha256(data).hexdigest()
        if isinstance(data, bytes):
            self.content[digest] = data
        pk = next(self.numbers)
        self.files[pk] = {
            "file_id": pk,
            "version_id": version,
            "filename": name,
            "file_size": len(data) if isinstance(data, bytes) else 0,
            "file_hash": f"sha256:{digest}",
            "platform": "",
            "architecture": "",
            "is_primary": False,
            "validation_status": "passed",
            **fields,
        }
        return pk

    def download_row(self, pk: int) -> dict[str, Any]:
        slug, title = self.downloads[pk]["slug"], self.downloads[pk]["title"]
        return {
            "download_id": pk,
            "title": title,
            "tag_line": "",
            "view_url": f"{self.url}/downloads/{slug}.{pk}/",
            "download_state": "visible",
            "download_count": 0,
        }

    def version_row(self, pk: int) -> dict[str, Any]:
        return self.versions[pk] | {"file_count": len(self.files_of(pk)), "download_count": 0}

    def files_of(self, version: int) -> list[dict[str, Any]]:
        return [row for row in self.files.values() if row["version_id"] == version]

    def sent(self) -> list[Seen]:
        return [seen for seen in self.seen if seen.server == "storage"]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 64 * 1024
    cuts = False
    fake: FakeHub
    server_name = ""

    def log_message(self, *args: Any) -> None: ...

    def do_GET(self) -> None:
        self.answer()

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815

    def answer(self) -> None:
        parts = urlsplit(self.path)
        self.route = unquote(parts.path)
        self.query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        self.seen = Seen(self.server_name, self.command, self.route, self.query, dict(self.headers.items()))
        with self.fake.lock:
            self.fake.seen.append(self.seen)
        try:
            fault = self.fake.fault_for(self.server_name, self.command, self.route)
            if self.server_name == "storage":
                self.answer_storage(fault)
            else:
                self.answer_hub(fault)
        except (ConnectionError, BrokenPipeError):
            self.close_connection = True

    # --- the storage ---

    def answer_storage(self, fault: Fault | None) -> None:
        if self.command in {"GET", "HEAD"}:
            if fault is None or not fault(self):
                self.send_content(self.fake.content[self.route.rpartition("/")[2]], {"ETag": '"storage-tag"'})
            return
        match = re.fullmatch(r"/part/(\w+)/(\d+)", self.route)
        assert match
        session, number = self.fake.sessions[match[1]], int(match[2])
        with self.fake.lock:
            self.fake.puts[session.id, number] += 1
        if fault is not None and fault(self):
            return
        if self.query["token"] in self.fake.expired:
            self.drain()
            self.plain(403)
            return
        self.receive(session, number)
        self.fake.pause(number)

    def receive(self, session: Session, number: int) -> None:
        body, digest, size = bytearray(), hashlib.md5(usedforsecurity=False), 0
        left = int(self.headers["Content-Length"])
        while left and (piece := self.rfile.read(min(left, CHUNK_BYTES))):
            left -= len(piece)
            size += len(piece)
            digest.update(piece)
            if self.fake.keeps_bytes:
                body += piece
        if left:
            raise ConnectionError
        expected = self.headers.get("Content-MD5")
        if size != session.span(number)[1] or (expected and base64.b64encode(digest.digest()).decode() != expected):
            self.plain(400)
            return
        with self.fake.lock:
            session.received[number] = bytes(body) if self.fake.keeps_bytes else size
            self.fake.finished[session.id, number] += 1
        self.plain(200)

    def send_content(self, data: bytes, headers: dict[str, str]) -> None:
        """With ranges, as long as If-Range names the ETag."""
        status, first = 200, 0
        wanted = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        if wanted and self.headers.get("If-Range", headers["ETag"]) == headers["ETag"]:
            first = int(wanted[1])
            status = 206 if first < len(data) else 416
        self.send_response(status)
        if status == 206:
            self.send_header("Content-Range", f"bytes {first}-{len(data) - 1}/{len(data)}")
        body = data[first:] if status != 416 else b""
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[: len(body) // 2] if self.cuts else body)

    def drain(self) -> None:
        left = int(self.headers.get("Content-Length", 0))
        while left and (piece := self.rfile.read(min(left, CHUNK_BYTES))):
            left -= len(piece)

    def plain(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    # --- the hub ---

    def answer_hub(self, fault: Fault | None) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length)
        self.seen.body = json.loads(body) if body else {}
        if fault is not None and fault(self):
            return
        if self.route.startswith("/d/"):
            self.permalink()
            return
        if self.headers.get("XF-Api-Key") != KEY:
            self.error(401, "api_key_not_found", "API key provided in request was not found.")
            return
        with self.fake.lock:
            for method, pattern, view in ROUTES:
                if method == self.command and (match := re.fullmatch(pattern, self.route)):
                    try:
                        view(self, *match.groups())
                    except KeyError:
                        self.error(404, "requested_page_not_found", "The requested page could not be found.")
                    return
        self.error(404, "endpoint_not_found", "There is no such endpoint or verb.")

    def json(self, data: Any, status: int = 200) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Request-Id", "req-42")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def error(self, status: int, code: str, message: str, **params: Any) -> None:
        self.json({"errors": [{"code": code, "message": message, "params": params or []}]}, status)

    def page(self, key: str, rows: list[Any]) -> None:
        page, size = int(self.query.get("page", 1)), int(self.query.get("per_page", 20))
        last = max(1, -(-len(rows) // size))
        shown = rows[(page - 1) * size : page * size]
        block = {"page": page, "per_page": size, "total": len(rows), "last_page": last}
        self.json({key: shown, "pagination": block})

    def permalink(self) -> None:
        """/d/slug/…/name: `latest` and channels mean the newest version that was added."""
        slug, *middle, wanted = self.route.removeprefix("/d/").split("/")
        number = middle[-1] if middle else "latest"
        rows = [row for row in self.fake.files.values() if self.fits(row, slug, number, middle, wanted)]
        if not rows:
            self.json({"error": "404", "message": "Nothing here"}, 404)
            return
        digest = rows[-1]["file_hash"].removeprefix("sha256:")
        headers = {
            "ETag": f'"{digest}"',
            "X-Checksum-SHA256": digest,
            "Content-Disposition": f'attachment; filename="{rows[-1]["filename"]}"',
        }
        if self.fake.redirects_downloads:
            self.plain(302, Location=f"{self.fake.storage_url}/blob/{digest}", **headers)
        else:
            self.send_content(self.fake.content[digest], headers)

    def fits(self, row: dict[str, Any], slug: str, number: str, middle: list[str], wanted: str) -> bool:
        version = self.fake.versions[row["version_id"]]
        if self.fake.downloads[version["download_id"]]["slug"] != slug:
            return False
        if middle[0] == "channel":
            is_version = version["channel"] == middle[1]
        else:
            is_version = number == "latest" or version["version_string"] == number
        target = "-".join(filter(None, [row["platform"], row["architecture"]]))
        return is_version and wanted in {"", row["filename"], row["platform"], target}

    # --- the hub's API ---

    def list_downloads(self) -> None:
        slug = self.query.get("slug")
        rows = [self.fake.download_row(pk) for pk, row in self.fake.downloads.items() if slug in {None, row["slug"]}]
        self.page("downloads", rows)

    def get_download(self, pk: str) -> None:
        self.json({"download": self.fake.download_row(int(pk))})

    def list_versions(self) -> None:
        pks = [pk for pk, row in self.fake.versions.items() if str(row["download_id"]) == self.query["download_id"]]
        self.page("versions", [self.fake.version_row(pk) for pk in pks])

    def get_version(self, pk: str) -> None:
        self.json({"version": self.fake.version_row(int(pk))})

    def create_version(self) -> None:
        body = self.seen.body
        channel = body.get("channel", "stable")
        for row in self.fake.versions.values():
            if (row["version_string"], row["channel"]) == (body["version_string"], channel):
                self.error(409, "mc_dm_api_error.version_number_taken", "A number is never used twice.")
                return
        pk = self.fake.add_version(body["version_string"], channel=channel, download=body["download_id"])
        self.change(pk, body)

    def update_version(self, pk: str) -> None:
        self.change(int(pk), self.seen.body)

    def change(self, pk: int, body: dict[str, Any]) -> None:
        names = {"title": "display_title", "release_notes": "release_notes", "channel": "channel"}
        self.fake.versions[pk].update({names[name]: value for name, value in body.items() if name in names})
        self.json({"version": self.fake.version_row(pk)})

    def step(self, pk: str, step: str) -> None:
        row = self.fake.versions[int(pk)]
        if step == "publish":
            if not self.fake.files_of(int(pk)):
                self.error(400, "invalid_input", "Add a file first: a version without files cannot be published.")
                return
            row.update(state="published", is_published=True)
        else:
            row["is_yanked"] = step == "yank"
        self.json({"version": self.fake.version_row(int(pk))})

    def delete_version(self, pk: str) -> None:
        del self.fake.versions[int(pk)]
        self.json({"success": True})

    def list_files(self) -> None:
        self.page("files", self.fake.files_of(int(self.query["version_id"])))

    def get_file(self, pk: str) -> None:
        self.json({"file": self.fake.files[int(pk)]})

    def delete_file(self, pk: str) -> None:
        del self.fake.files[int(pk)]
        self.json({"success": True})

    # --- uploads ---

    def create_upload(self) -> None:
        body = self.seen.body
        if body.get("version_id") is not None and self.fake.versions[body["version_id"]]["is_published"]:
            self.error(409, "mc_dm_api_error.version_is_sealed", "This version is sealed.")
            return
        if any(row["filename"] == body["filename"] for row in self.fake.files_of(body.get("version_id") or 0)):
            self.error(409, "mc_dm_api_error.file_name_taken", "A file of this name is there.")
            return
        is_single = body["size_bytes"] < self.fake.single_put_below
        session = Session(f"up{len(self.fake.sessions) + 1}", body, 0 if is_single else self.fake.part_bytes)
        self.fake.sessions[session.id] = session
        self.upload(session, [self.signed(session, {"number": 1})] if is_single else [], 201)

    def get_upload(self, pk: str) -> None:
        session = self.fake.sessions[pk]
        if session.state == "uploaded":
            session.polls += 1
            if session.polls > 1:
                self.verify(session)
        self.upload(session)

    def sign(self, pk: str) -> None:
        session, parts = self.fake.sessions[pk], self.seen.body["parts"]
        if session.state != "created":
            self.error(409, "upload_state", "This upload takes no more parts.")
        elif len(parts) > 100:
            self.error(400, "invalid_input", "At most 100 parts.")
        else:
            self.upload(session, [self.signed(session, part) for part in parts])

    def signed(self, session: Session, part: dict[str, Any]) -> dict[str, Any]:
        self.fake.token += 1
        first, size = session.span(part["number"])
        headers = {"Content-Length": str(size)}
        if "md5" in part:
            headers["Content-MD5"] = base64.b64encode(bytes.fromhex(part["md5"])).decode()
        return {
            "number": part["number"],
            "url": f"{self.fake.storage_url}/part/{session.id}/{part['number']}?token={self.fake.token}",
            "method": "PUT",
            "headers": headers,
            "first_byte": first,
            "size_bytes": size,
            "expires_at": "2036-01-31T12:00:00Z",
        }

    def complete(self, pk: str) -> None:
        session = self.fake.sessions[pk]
        if missing := self.missing(session):
            self.error(409, "upload_incomplete", "Parts are missing.", missing=missing)
            return
        if session.state == "created":
            session.state = "uploaded"
        self.upload(session, status=202 if session.state == "uploaded" else 200)

    def verify(self, session: Session) -> None:
        fields = session.fields
        digest = fields["sha256"]
        if self.fake.keeps_bytes:
            data = b"".join(session.received[number] for number in sorted(session.received))  # type: ignore[misc]
            digest = hashlib.sha256(data).hexdigest()
            self.fake.content[digest] = data
        if digest != fields["sha256"]:
            session.state = "failed"
            message = f"The bytes have sha256 {digest}, declared was {fields['sha256']}."
            session.error = {"code": "upload_digest_differs", "message": message}
            return
        names = ("platform", "architecture", "kind", "display_label")
        shown = {name: fields[name] for name in names if name in fields}
        session.file_id = self.fake.add_file(
            fields["version_id"], fields["filename"], digest, validation_status=self.fake.validation, **shown
        )
        self.fake.files[session.file_id]["file_size"] = session.size
        session.state = "confirmed"

    def missing(self, session: Session) -> list[int]:
        return [number for number in range(1, session.count + 1) if number not in session.received]

    def upload(self, session: Session, urls: list[Any] | None = None, status: int = 200) -> None:
        shown = {
            "id": session.id,
            "state": session.state,
            "version_id": session.fields.get("version_id"),
            "filename": session.fields["filename"],
            "size_bytes": session.size,
            "sha256": session.fields.get("sha256"),
            "part_bytes": session.part_bytes,
            "part_count": session.count,
            "received": sorted(session.received),
            "missing": self.missing(session),
            "expires_at": "2036-01-31T12:00:00Z",
            "file_id": session.file_id,
            "error": session.error,
            "urls": urls or [],
        }
        self.json({"upload": shown}, status)


ROUTES: list[tuple[str, str, Callable[..., None]]] = [
    ("GET", r"/api/mc-dm-downloads/", Handler.list_downloads),
    ("GET", r"/api/mc-dm-downloads/(\d+)/", Handler.get_download),
    ("GET", r"/api/mc-dm-versions/", Handler.list_versions),
    ("POST", r"/api/mc-dm-versions/", Handler.create_version),
    ("GET", r"/api/mc-dm-versions/(\d+)/", Handler.get_version),
    ("PUT", r"/api/mc-dm-versions/(\d+)/", Handler.update_version),
    ("DELETE", r"/api/mc-dm-versions/(\d+)/", Handler.delete_version),
    ("POST", r"/api/mc-dm-versions/(\d+)/(publish|yank|unyank)/", Handler.step),
    ("GET", r"/api/mc-dm-files/", Handler.list_files),
    ("GET", r"/api/mc-dm-files/(\d+)/", Handler.get_file),
    ("DELETE", r"/api/mc-dm-files/(\d+)/", Handler.delete_file),
    ("POST", r"/api/uploads/", Handler.create_upload),
    ("GET", r"/api/uploads/(\w+)/", Handler.get_upload),
    ("POST", r"/api/uploads/(\w+)/parts/", Handler.sign),
    ("POST", r"/api/uploads/(\w+)/complete/", Handler.complete),
]


# --- faults -----------------------------------------------------------------------------------------------------------


def drop(handler: Handler) -> bool:
    """The connection breaks when half of the body is there."""
    handler.rfile.read(int(handler.headers.get("Content-Length", 0)) // 2)
    handler.close_connection = True
    handler.connection.close()
    raise ConnectionError


def drop_answer(handler: Handler) -> bool:
    """The part arrives, the answer does not."""
    match = re.fullmatch(r"/part/(\w+)/(\d+)", handler.route)
    assert match
    data = handler.rfile.read(int(handler.headers["Content-Length"]))
    handler.fake.sessions[match[1]].received[int(match[2])] = data
    handler.fake.finished[match[1], int(match[2])] += 1
    handler.close_connection = True
    handler.connection.close()
    raise ConnectionError


def status(code: int, **headers: str) -> Fault:
    def fault(handler: Handler) -> bool:
        if handler.server_name == "storage":
            handler.drain()
        handler.plain(code, **headers)
        return True

    return fault


def expire(handler: Handler) -> bool:
    """This address has expired; the next one works."""
    handler.fake.expired.add(handler.query["token"])
    return False


def damage(handler: Handler) -> bool:
    """A byte changes on the way and nobody checks."""
    match = re.fullmatch(r"/part/(\w+)/(\d+)", handler.route)
    assert match
    data = bytearray(handler.rfile.read(int(handler.headers["Content-Length"])))
    data[0] ^= 1
    handler.fake.sessions[match[1]].received[int(match[2])] = bytes(data)
    handler.plain(200)
    return True


def cut_download(handler: Handler) -> bool:
    """A download breaks in the middle of what was asked for."""
    handler.cuts = handler.close_connection = True
    handler.permalink() if handler.server_name == "hub" else handler.answer_storage(None)
    return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None: ...


def _serve(fake: FakeHub, name: str) -> ThreadingHTTPServer:
    handler = type("Bound", (Handler,), {"fake": fake, "server_name": name})
    server = _Server(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server
