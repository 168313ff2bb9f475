"""Send the parts of one upload to signed URLs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import httpx

from releasehub_cli.errors import CliError, network
from releasehub_cli.http import Hub
from releasehub_cli.localfiles import LocalFile
from releasehub_cli.network import RUN_AGAIN, redact_url, unreachable
from releasehub_cli.parallel import WorkQueue, run_threads
from releasehub_cli.progress import Meter, Task
from releasehub_cli.retrying import Backoff, Stopped, is_transient, retry_after
from releasehub_cli.shapes import PartUrl, Upload
from releasehub_cli.storage import Storage

UPLOADS = "/api/uploads/"
MAX_BATCH = 8
MAX_PART_REFUSALS = 3  # 403 and 400 are rarely temporary, so a URL is renewed only this often


class Transfer:
    """Sends the missing parts of one upload in several threads, each of which holds at most 1 MiB of the file."""

    def __init__(
        self, upload: Upload, file: LocalFile, *, hub: Hub, storage: Storage, meter: Meter, retries: int
    ) -> None:
        self.hub, self.storage, self.meter, self.retries, self.stop = hub, storage, meter, retries, hub.stop
        self.id, self.file = upload["id"], file
        self.part_bytes = upload["part_bytes"] or file.size_bytes
        self.missing = upload["missing"]
        self.urls = {entry["number"]: entry for entry in upload["urls"]}
        self.task: Task

    def run(self, workers: int) -> None:
        """Send all missing parts.

        Raises:
            CliError: A part cannot be sent.
        """
        uploaded_bytes = self.file.size_bytes - sum(self._size(number) for number in self.missing)
        self.task = self.meter.task(self.file.name, self.file.size_bytes, uploaded_bytes)
        try:
            if workers == 1 or len(self.missing) == 1:
                self._work(WorkQueue(self.missing, workers=1, max_batch=MAX_BATCH))
            else:
                queue = WorkQueue(self.missing, workers=workers, max_batch=MAX_BATCH)
                run_threads(lambda: self._work(queue), min(workers, len(self.missing)), self.stop)
        finally:
            self.task.close()

    def _work(self, queue: WorkQueue[int]) -> None:
        while numbers := queue.take():
            entries = self._signed_urls(numbers)
            for number in numbers:
                self._send(number, entries[number])

    def _signed_urls(self, numbers: list[int], *, fresh: bool = False) -> dict[int, PartUrl]:
        """Return signed URLs by part number. Those that came with a new upload are used first."""
        if not fresh and all(number in self.urls for number in numbers):
            return {number: self.urls[number] for number in numbers}
        parts = [{"number": number, "md5": self._md5(number)} for number in numbers]
        answer = self.hub.post(f"{UPLOADS}{self.id}/parts/", {"parts": parts}, is_repeatable=True)["upload"]
        entries = {entry["number"]: entry for entry in cast("Upload", answer)["urls"]}
        if missing_numbers := [number for number in numbers if number not in entries]:
            raise CliError(f"{self.file.name}: the hub sent no URL for part {missing_numbers[0]}.", code="no_url")
        return entries

    def _send(self, number: int, entry: PartUrl) -> None:
        """Send one part, with retries.

        Raises:
            CliError: The file changed, the storage refused the part, or all retries failed.
        """
        backoff, refusals = Backoff(self.retries, self.stop), 0
        while True:
            if self.stop.is_set():
                raise Stopped
            self.file.ensure_unchanged()
            answer = self._put(entry)
            if isinstance(answer, httpx.Response):
                if answer.is_success:
                    return
                if answer.status_code in {400, 403, 422} and refusals < MAX_PART_REFUSALS:
                    refusals += 1
                    entry = self._signed_urls([number], fresh=True)[number]
                    continue
            self._wait(number, entry, answer, backoff)
            if self._has_arrived(number):
                self.task.advance(self._size(number))
                return

    def _put(self, entry: PartUrl) -> httpx.Response | httpx.TransportError:
        """Send the part once. If this fails, undo its progress."""
        sent_bytes = 0

        def body() -> Iterator[bytes]:
            nonlocal sent_bytes
            for piece in self.file.pieces(entry["first_byte"], entry["size_bytes"], self.stop):
                sent_bytes += len(piece)
                self.task.advance(len(piece))
                yield piece

        try:
            answer: httpx.Response | httpx.TransportError
            answer = self.storage.put(self.hub.absolute(entry["url"]), entry["headers"], body())
        except httpx.TransportError as error:
            answer = error
        if isinstance(answer, httpx.TransportError) or not answer.is_success:
            self.task.advance(-sent_bytes)
        return answer

    def _wait(
        self, number: int, entry: PartUrl, answer: httpx.Response | httpx.TransportError, backoff: Backoff
    ) -> None:
        """Wait before the next attempt.

        Raises:
            CliError: Another attempt cannot succeed, or no retries are left.
        """
        where = f"{self.file.name}, part {number}"
        url = self.hub.absolute(entry["url"])
        if isinstance(answer, httpx.TransportError):
            if backoff.is_used_up:
                raise unreachable(url, answer) from answer
            backoff.wait()
            return
        status = answer.status_code
        if not is_transient(status):
            raise CliError(
                f"{where}: the storage refused the part with status {status}.",
                code=f"storage_{status}",
                hint=_storage_hint(status),
            )
        if backoff.is_used_up:
            raise network(f"{where}: the storage at {redact_url(url)} still responds with status {status}.", RUN_AGAIN)
        backoff.wait(retry_after(answer))

    def _has_arrived(self, number: int) -> bool:
        """Return whether the hub has the part although its response was lost."""
        upload = cast("Upload", self.hub.get(f"{UPLOADS}{self.id}/")["upload"])
        return number in upload["received"]

    def _md5(self, number: int) -> str:
        return self.file.md5((number - 1) * self.part_bytes, self._size(number), self.stop)

    def _size(self, number: int) -> int:
        return min(self.part_bytes, self.file.size_bytes - (number - 1) * self.part_bytes)


def _storage_hint(status: int) -> str:
    if status in {400, 422}:
        return "The bytes were damaged in transit, or the file changed. Run the same command again."
    if status == 403:
        return "Check the clock of this machine, then run the same command again."
    return RUN_AGAIN
