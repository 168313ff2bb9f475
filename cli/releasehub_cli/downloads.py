"""Fetching a file by a permanent link: resumed after a break, compared with the hub's digest."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import httpx

from releasehub_cli.errors import CliError, digest_differs, network, usage
from releasehub_cli.http import AGAIN, Hub, bare, may_pass
from releasehub_cli.localfiles import LocalFile, sha256
from releasehub_cli.progress import Meter, Task
from releasehub_cli.retrying import Backoff, is_transient, retry_after

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_EXTENDED_NAME = re.compile(r"filename\*\s*=\s*utf-8''([^;]+)", re.IGNORECASE)
_PLAIN_NAME = re.compile(r'filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;\s]+))', re.IGNORECASE)


@dataclass(frozen=True)
class Offer:
    """What the hub's own answer says; a storage behind it may say anything. `etag` is of who has the bytes."""

    filename: str
    sha256: str
    version: str
    hub_etag: str
    etag: str = ""
    yanked: str = ""


@dataclass(frozen=True)
class Fetched:
    path: Path
    sha256: str
    offer: Offer
    is_verified: bool
    was_there: bool = False


class Downloader:
    def __init__(self, hub: Hub, meter: Meter, *, retries: int) -> None:
        self.hub, self.meter, self.retries = hub, meter, retries
        self.storage = hub.storage()
        self.stop: threading.Event = hub.stop

    def fetch(self, link: str, output: Path | None, *, verifies: bool) -> Fetched:
        """Into `output`, a file or folder; without it under the hub's name for it, here.

        Errors: HubError; network after retries; digest_differs when the bytes are not those the hub told of.
        """
        offer = self._offer(link)
        target = _target(output, offer.filename)
        if target.is_file() and offer.sha256 and self._digest(target) == offer.sha256:
            return Fetched(target, offer.sha256, offer, is_verified=True, was_there=True)
        part = target.with_name(f"{target.name}.part")
        offer = self._receive(link, offer, Partial(part))
        found = self._digest(part)
        if verifies and offer.sha256 and found != offer.sha256:
            Partial(part).remove()
            raise digest_differs(
                f"{target.name} has sha256 {found}, the hub says {offer.sha256}. It was deleted.",
                "Try again; if it stays so, tell the hub's operator and do not use the file.",
            )
        part.replace(target)
        Partial(part).remove()
        return Fetched(target, found, offer, is_verified=verifies and bool(offer.sha256))

    def _offer(self, link: str) -> Offer:
        """From the hub's headers.  Errors: HubError, network."""
        headers = self.hub.head(link)
        return Offer(
            filename=_filename(headers.get("Content-Disposition", ""), link),
            sha256=headers.get("X-Checksum-SHA256", "").lower(),
            version=unquote(headers.get("X-ReleaseHub-Version", "")),
            hub_etag=headers.get("ETag", ""),
            yanked=unquote(headers.get("X-ReleaseHub-Yanked", "")),
        )

    def _receive(self, link: str, offer: Offer, partial: Partial) -> Offer:
        """Until the bytes are complete; each break costs one of the retries unless bytes came.

        Errors: HubError, network, CliError when the link leads to other bytes meanwhile.
        """
        backoff = Backoff(self.retries, self.stop)
        while True:
            had, seconds = partial.size, 0.0
            try:
                with self._opened(link, offer, partial) as (response, start):
                    offer = self._begin(response, offer, partial, start)
                    if response.is_success:
                        self._copy(response, offer.filename, partial, start)
                        return offer
                    if response.status_code == 416:
                        partial.empty()
                    elif not is_transient(response.status_code):
                        raise self._refusal(response)
                    seconds = retry_after(response)
                problem = f"{bare(str(response.url))} keeps answering {response.status_code}."
            except httpx.TransportError as error:
                problem = f"{self.hub.url} or its storage cannot be reached: {error or type(error).__name__}."
                if not may_pass(error):
                    raise network(problem, AGAIN) from error
            if partial.size > had:
                backoff.used = 0
            if backoff.is_used_up:
                raise network(problem, AGAIN)
            backoff.wait(seconds)

    @contextmanager
    def _opened(self, link: str, offer: Offer, partial: Partial) -> Iterator[tuple[httpx.Response, int]]:
        """The answer with the bytes, and from which byte on they were asked for. Only the hub sees the key."""
        known = partial.known()
        start = partial.size if known and known.sha256 == offer.sha256 and known.sha256 else 0
        with self.hub.stream(link, _range(start, known.hub_etag if known else "")) as first:
            told = first.headers.get("X-Checksum-SHA256", "").lower()
            if told and offer.sha256 and told != offer.sha256:
                raise CliError("The link leads to another file than before.", code="changed", hint="Run it again.")
            if not first.is_redirect:
                yield first, start
                return
            where = urljoin(self.hub.url + link, first.headers["Location"])
        with self.storage.stream(where, _range(start, known.etag if known else "")) as second:
            yield second, start

    def _begin(self, response: httpx.Response, offer: Offer, partial: Partial, start: int) -> Offer:
        """Note whose bytes the partial file will hold, before the first of them."""
        if response.status_code == 206 and start and _first_byte(response) != start:
            raise CliError("The storage sent another range than it was asked for.", code="bad_range", hint=AGAIN)
        if response.is_success and not (response.status_code == 206 and start):
            offer = Offer(**{**asdict(offer), "etag": response.headers.get("ETag", "")})
            partial.begin(offer)
        return offer

    def _copy(self, response: httpx.Response, name: str, partial: Partial, start: int) -> None:
        start = start if response.status_code == 206 else 0
        length = response.headers.get("Content-Length", "")
        total = start + int(length) if length.isdigit() else start
        task: Task = self.meter.task(name, total, start)
        try:
            with partial.path.open("ab") as stream:
                for piece in response.iter_raw():
                    stream.write(piece)
                    task.advance(len(piece))
        finally:
            task.close()
        if length.isdigit() and partial.size != total:
            raise httpx.RemoteProtocolError("the transfer ended early")

    def _refusal(self, response: httpx.Response) -> CliError:
        response.read()
        if str(response.url).startswith(f"{self.hub.url}/"):
            return self.hub.error_of(response)
        return CliError(f"The storage refused it with {response.status_code}.", code=f"storage_{response.status_code}")

    def _digest(self, path: Path) -> str:
        return sha256(LocalFile.at(path), self.meter)


class Partial:
    """NAME.part with what arrived, and NAME.part.json with whose bytes they are."""

    def __init__(self, path: Path) -> None:
        self.path, self.note = path, path.with_name(f"{path.name}.json")

    @property
    def size(self) -> int:
        return self.path.stat().st_size if self.path.exists() else 0

    def known(self) -> Offer | None:
        """None when nothing useful is there."""
        try:
            return Offer(**json.loads(self.note.read_text("utf-8"))) if self.size else None
        except (OSError, ValueError, TypeError):
            return None

    def begin(self, offer: Offer) -> None:
        self.path.write_bytes(b"")
        self.note.write_text(json.dumps(asdict(offer)), "utf-8")

    def empty(self) -> None:
        self.path.write_bytes(b"")

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)
        self.note.unlink(missing_ok=True)


def _range(start: int, etag: str) -> dict[str, str]:
    """A weak or missing tag cannot promise that the rest belongs to what is there; the digest can."""
    if not start:
        return {}
    condition = {"If-Range": etag} if etag.startswith('"') else {}
    return {"Range": f"bytes={start}-"} | condition


def _first_byte(response: httpx.Response) -> int:
    match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
    return int(match[1]) if match else -1


def _filename(disposition: str, link: str) -> str:
    """The name alone, whatever was sent: never a path, never hidden.  Errors: CliError when nothing is left."""
    extended, plain = _EXTENDED_NAME.search(disposition), _PLAIN_NAME.search(disposition)
    if extended:
        name = unquote(extended[1].strip())
    elif plain:
        name = re.sub(r"\\(.)", r"\1", plain[1]) if plain[1] is not None else plain[2]
    else:
        name = unquote(urlsplit(link).path)
    name = re.split(r"[/\\]", name)[-1].strip()
    if not name.strip(".") or not name.isprintable():
        raise CliError("The hub gives the file no usable name.", code="no_name", hint="Name it with -o.")
    return name


def _target(output: Path | None, filename: str) -> Path:
    """Return where the file goes.

    Raises:
        CliError: Something that is not a regular file is there, such as a device, which a download would replace.
    """
    target = Path(filename) if output is None else output / filename if output.is_dir() else output
    if target.exists() and not target.is_file():
        raise usage(f"{target} exists and is not a regular file.", "Name another file or a folder with --output.")
    return target
