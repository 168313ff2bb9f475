"""The bytes of one upload on their way to signed addresses, part by part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import httpx

from releasehub_cli.errors import CliError, network
from releasehub_cli.http import AGAIN, Hub, Storage, bare, unreachable
from releasehub_cli.localfiles import LocalFile
from releasehub_cli.parallel import WorkQueue, run_threads
from releasehub_cli.progress import Meter, Task
from releasehub_cli.retrying import Backoff, Stopped, is_transient, retry_after
from releasehub_cli.shapes import PartUrl, Upload

UPLOADS = "/api/uploads/"
LARGEST_BATCH = 8
REFUSALS_OF_A_PART = 3  # 403 and 400 rarely mend themselves: an address is renewed this often, not `retries` times


class Transfer:
    """The missing parts of one upload, sent by several threads; each holds 1 MiB of the file at most."""

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
        """Errors: CliError of the first part that cannot be sent."""
        there = self.file.size_bytes - sum(self._size(number) for number in self.missing)
        self.task = self.meter.task(self.file.name, self.file.size_bytes, there)
        try:
            if workers == 1 or len(self.missing) == 1:
                self._work(WorkQueue(self.missing, workers=1, largest_batch=LARGEST_BATCH))
            else:
                queue = WorkQueue(self.missing, workers=workers, largest_batch=LARGEST_BATCH)
                run_threads(lambda: self._work(queue), min(workers, len(self.missing)), self.stop)
        finally:
            self.task.close()

    def _work(self, queue: WorkQueue[int]) -> None:
        while numbers := queue.take():
            entries = self._addresses(numbers)
            for number in numbers:
                self._send(number, entries[number])

    def _addresses(self, numbers: list[int], *, fresh: bool = False) -> dict[int, PartUrl]:
        """Number -> address; the one that came with a new upload is used first."""
        if not fresh and all(number in self.urls for number in numbers):
            return {number: self.urls[number] for number in numbers}
        parts = [{"number": number, "md5": self._md5(number)} for number in numbers]
        answer = self.hub.post(f"{UPLOADS}{self.id}/parts/", {"parts": parts}, is_repeatable=True)["upload"]
        entries = {entry["number"]: entry for entry in cast("Upload", answer)["urls"]}
        if lost := [number for number in numbers if number not in entries]:
            raise CliError(f"{self.file.name}: the hub gave no address for part {lost[0]}.", code="no_address")
        return entries

    def _send(self, number: int, entry: PartUrl) -> None:
        """Until it is there.  Errors: CliError when the file changed, the storage refuses, or retries are used up."""
        backoff, refusals = Backoff(self.retries, self.stop), 0
        while True:
            if self.stop.is_set():
                raise Stopped
            self.file.ensure_unchanged()
            answer = self._put(entry)
            if isinstance(answer, httpx.Response):
                if answer.is_success:
                    return
                if answer.status_code in {400, 403, 422} and refusals < REFUSALS_OF_A_PART:
                    refusals += 1
                    entry = self._addresses([number], fresh=True)[number]
                    continue
            self._wait(number, entry, answer, backoff)
            if self._has_arrived(number):
                self.task.advance(self._size(number))
                return

    def _put(self, entry: PartUrl) -> httpx.Response | httpx.TransportError:
        """One try; progress is taken back when it fails."""
        sent = 0

        def body() -> Iterator[bytes]:
            nonlocal sent
            for piece in self.file.pieces(entry["first_byte"], entry["size_bytes"], self.stop):
                sent += len(piece)
                self.task.advance(len(piece))
                yield piece

        try:
            answer: httpx.Response | httpx.TransportError
            answer = self.storage.put(self.hub.absolute(entry["url"]), entry["headers"], body())
        except httpx.TransportError as error:
            answer = error
        if isinstance(answer, httpx.TransportError) or not answer.is_success:
            self.task.advance(-sent)
        return answer

    def _wait(
        self, number: int, entry: PartUrl, answer: httpx.Response | httpx.TransportError, backoff: Backoff
    ) -> None:
        """Errors: CliError when another try makes no sense."""
        where = f"{self.file.name}, part {number}"
        address = self.hub.absolute(entry["url"])
        if isinstance(answer, httpx.TransportError):
            if backoff.is_used_up:
                raise unreachable(address, answer) from answer
            backoff.wait()
            return
        status = answer.status_code
        if not is_transient(status):
            raise CliError(
                f"{where}: the storage refused it with {status}.", code=f"storage_{status}", hint=_storage_hint(status)
            )
        if backoff.is_used_up:
            raise network(f"{where}: the storage at {bare(address)} keeps answering {status}.", AGAIN)
        backoff.wait(retry_after(answer))

    def _has_arrived(self, number: int) -> bool:
        """Whether the part came through although its answer did not."""
        upload = cast("Upload", self.hub.get(f"{UPLOADS}{self.id}/")["upload"])
        return number in upload["received"]

    def _md5(self, number: int) -> str:
        return self.file.md5((number - 1) * self.part_bytes, self._size(number), self.stop)

    def _size(self, number: int) -> int:
        return min(self.part_bytes, self.file.size_bytes - (number - 1) * self.part_bytes)


def _storage_hint(status: int) -> str:
    if status in {400, 422}:
        return "The bytes were damaged on the way, or the file changed. Run the same command again."
    if status == 403:
        return "Check this machine's clock, then run the same command again."
    return AGAIN
