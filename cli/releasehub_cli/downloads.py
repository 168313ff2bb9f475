"""Download a file by its permanent link, resume after an interruption, and verify the digest of the hub."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urljoin

import httpx

from releasehub_cli.digests import sha256
from releasehub_cli.errors import CliError, digest_differs, network, usage
from releasehub_cli.http import Hub
from releasehub_cli.interruption import interrupted
from releasehub_cli.localfiles import LocalFile
from releasehub_cli.network import RUN_AGAIN, is_worth_retrying, reason, redact_url
from releasehub_cli.offers import FileOffer, read_offer
from releasehub_cli.partial import Partial, first_byte, range_headers
from releasehub_cli.progress import Meter, Task
from releasehub_cli.responses import check_is_hub, error_of
from releasehub_cli.retrying import Backoff, Stopped, is_transient, retry_after


@dataclass(frozen=True)
class Fetched:
    path: Path
    sha256: str
    offer: FileOffer
    is_verified: bool
    was_there: bool = False


class Downloader:
    def __init__(self, hub: Hub, meter: Meter, *, retries: int) -> None:
        self.hub, self.meter, self.retries = hub, meter, retries
        self.storage = hub.storage()
        self.stop: threading.Event = hub.stop

    def fetch(self, link: str, output: Path | None, *, verifies: bool) -> Fetched:
        """Download the file to `output`, a file or folder, or by default under its name into the current folder.

        Raises:
            HubError: The hub refused the request.
            CliError: The network failed after all retries, or the digest differs.
        """
        offer = read_offer(self.hub, link)
        target = _target(output, offer.filename)
        if target.is_file() and offer.sha256 and self._digest(target) == offer.sha256:
            return Fetched(target, offer.sha256, offer, is_verified=True, was_there=True)
        part = target.with_name(f"{target.name}.part")
        try:
            offer = self._receive(link, offer, Partial(part))
        except (KeyboardInterrupt, Stopped) as error:
            raise interrupted(error, RUN_AGAIN) from None
        digest = self._digest(part)
        if verifies and offer.sha256 and digest != offer.sha256:
            Partial(part).remove()
            raise digest_differs(
                f"{target.name} has SHA-256 {digest}, but the hub states {offer.sha256}. The file was deleted.",
                "Try again. If the digest still differs, do not use the file and tell the operator of the hub.",
            )
        part.replace(target)
        Partial(part).remove()
        return Fetched(target, digest, offer, is_verified=verifies and bool(offer.sha256))

    def _receive(self, link: str, offer: FileOffer, partial: Partial) -> FileOffer:
        """Receive bytes until the file is complete. An interruption uses up a retry unless new bytes arrived before it.

        Raises:
            HubError: The hub refused the request.
            CliError: The network failed after all retries, or the link now leads to a different file.
        """
        backoff = Backoff(self.retries, self.stop)
        while True:
            had, seconds = partial.size, 0.0
            try:
                with self._open_response(link, offer, partial) as (response, start):
                    offer = self._record_offer(response, offer, partial, start)
                    if response.is_success:
                        self._copy(response, offer.filename, partial, start)
                        return offer
                    if response.status_code == 416:
                        partial.empty()
                    elif not is_transient(response.status_code):
                        raise self._refusal(response)
                    seconds = retry_after(response)
                problem = f"{redact_url(str(response.url))} still responds with status {response.status_code}."
            except httpx.TransportError as error:
                problem = f"Cannot reach {self.hub.url} or its storage: {reason(error)}."
                if not is_worth_retrying(error):
                    raise network(problem, RUN_AGAIN) from error
            if partial.size > had:
                backoff.used = 0
            if backoff.is_used_up:
                raise network(problem, RUN_AGAIN)
            backoff.wait(seconds)

    @contextmanager
    def _open_response(self, link: str, offer: FileOffer, partial: Partial) -> Iterator[tuple[httpx.Response, int]]:
        """Yield the response with the bytes and the first byte that was requested. Only the hub receives the key."""
        stored_offer = partial.stored_offer()
        start = partial.size if stored_offer and stored_offer.sha256 == offer.sha256 and stored_offer.sha256 else 0
        with self.hub.stream(link, range_headers(start, stored_offer.hub_etag if stored_offer else "")) as first:
            hub_digest = first.headers.get("X-Checksum-SHA256", "").lower()
            if hub_digest and offer.sha256 and hub_digest != offer.sha256:
                raise CliError("The link now leads to a different file.", code="changed", hint="Run the command again.")
            if not first.is_error:
                check_is_hub(first, self.hub.url)
            if not first.is_redirect:
                yield first, start
                return
            where = urljoin(str(first.url), first.headers["Location"])
        with self.storage.stream(where, range_headers(start, stored_offer.etag if stored_offer else "")) as second:
            yield second, start

    def _record_offer(self, response: httpx.Response, offer: FileOffer, partial: Partial, start: int) -> FileOffer:
        """Record which file the partial file belongs to before the first byte is written."""
        if response.status_code == 206 and start and first_byte(response) != start:
            raise CliError("The storage sent a different range than requested.", code="bad_range", hint=RUN_AGAIN)
        if response.is_success and not (response.status_code == 206 and start):
            offer = FileOffer(**{**asdict(offer), "etag": response.headers.get("ETag", "")})
            partial.start(offer)
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
            raise httpx.RemoteProtocolError("the transfer ended before the file was complete")

    def _refusal(self, response: httpx.Response) -> CliError:
        response.read()
        if str(response.url).startswith(f"{self.hub.url}/"):
            return error_of(response, has_key=bool(self.hub.key))
        return CliError(
            f"The storage refused the download with status {response.status_code}.",
            code=f"storage_{response.status_code}",
        )

    def _digest(self, path: Path) -> str:
        return sha256(LocalFile.at(path), self.meter)


def _target(output: Path | None, filename: str) -> Path:
    """Return the path to write the file to.

    Raises:
        CliError: The path exists and is not a regular file. A download must not replace a device.
    """
    target = Path(filename) if output is None else output / filename if output.is_dir() else output
    if target.exists() and not target.is_file():
        raise usage(f"{target} exists and is not a regular file.", "Choose another file or a folder with --output.")
    return target
