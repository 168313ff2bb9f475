"""Send files with the upload API: signed URLs, parallel parts, resume. Source: docs/api/uploads.md."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import cast

from releasehub_cli import state
from releasehub_cli.errors import CliError, HubError, conflict, network
from releasehub_cli.http import Hub
from releasehub_cli.localfiles import LocalFile
from releasehub_cli.network import RUN_AGAIN
from releasehub_cli.output import Output, human_bytes
from releasehub_cli.parallel import WorkQueue, run_threads
from releasehub_cli.progress import Meter
from releasehub_cli.retrying import Stopped
from releasehub_cli.shapes import FileRow, Upload
from releasehub_cli.transfer import Transfer
from releasehub_cli.upload_sessions import Job, UploadSessions, refusal_of

SMALL_FILE_BYTES = 16 * 1024 * 1024
MAX_COMPLETE_ROUNDS = 3
POLL_SECONDS = (0.2, 0.5, 1.0, 2.0)
MIN_CHECK_BYTES_PER_SECOND = 5 * 1024 * 1024
MAX_CHECK_SECONDS = 900.0


class Uploader:
    """Uploads files to one hub and waits for its checks."""

    def __init__(self, hub: Hub, *, output: Output, meter: Meter, parallel: int, retries: int) -> None:
        self.hub, self.output, self.meter = hub, output, meter
        self.parallel, self.retries, self.stop = parallel, retries, hub.stop
        self.storage = hub.storage()
        self.sessions = UploadSessions(hub, output)

    def deliver(self, upload: Upload, file: LocalFile, *, workers: int) -> Upload:
        """Send the missing parts and complete the upload.

        Raises:
            CliError: A part cannot be sent, or the hub refused to complete the upload.
        """
        for _ in range(MAX_COMPLETE_ROUNDS):
            if upload["state"] != "created":
                return upload
            transfer = Transfer(
                upload, file, hub=self.hub, storage=self.storage, meter=self.meter, retries=self.retries
            )
            transfer.run(workers)
            file.ensure_unchanged()
            try:
                return self.sessions.complete(upload["id"])
            except HubError as error:
                if error.status != 409:
                    raise
                refusal = error
            upload = self.sessions.get(upload["id"])
            if upload["state"] == "created" and not upload["missing"]:
                raise refusal
        raise refusal

    def wait_until_verified(self, upload: Upload, job_key: str = "") -> Upload:
        """Wait until the hub has verified the bytes.

        Raises:
            CliError: The hub refused the bytes, or did not verify them in time.
        """
        max_seconds = MAX_CHECK_SECONDS + upload["size_bytes"] / MIN_CHECK_BYTES_PER_SECOND
        for _ in self._ticks(max_seconds, f"{upload['filename']}: the hub is still verifying the bytes"):
            if upload["state"] != "uploaded":
                break
            upload = self.sessions.get(upload["id"])
        if upload["state"] == "created":
            raise conflict(f"{upload['filename']}: the hub has not received all parts.", RUN_AGAIN)
        self.sessions.open_uploads.pop(upload["id"], None)
        if job_key:
            state.forget(job_key)
        if upload["state"] != "confirmed":
            raise refusal_of(upload)
        return upload

    def wait_until_checked(self, file_id: int) -> FileRow:
        """Wait until the hub has checked the content of the file, and return the file.

        Raises:
            CliError: The file failed the checks, or they did not end in time.
        """
        for _ in self._ticks(MAX_CHECK_SECONDS, "The hub is still checking the content"):
            file = cast("FileRow", self.hub.get(f"/api/mc-dm-files/{file_id}/", **{"with": "full"})["file"])
            if file["validation_status"] != "pending":
                break
        if file["validation_status"] != "passed":
            reasons = [finding["message"] for finding in file.get("findings", [])]
            raise CliError(
                " ".join([f"{file['filename']} failed the content checks of the hub.", *reasons]),
                code="validation_failed",
                hint="Ask a moderator to let it through, or delete it on the hub.",
            )
        return file

    def send_all(self, jobs: list[Job]) -> dict[str, FileRow]:
        """Upload all files and return their rows by file name.

        Small files are sent in parallel. Large files are sent one after the other, each with parallel parts.
        """
        delivered: dict[str, tuple[Job, Upload]] = {}
        small = [job for job in jobs if job.file.size_bytes < SMALL_FILE_BYTES]
        queue = WorkQueue(small, workers=self.parallel)

        def send_small() -> None:
            while batch := queue.take():
                for job in batch:
                    delivered[job.file.name] = (job, self.deliver(self.sessions.start(job), job.file, workers=1))

        if small:
            run_threads(send_small, min(self.parallel, len(small)), self.stop)
        for job in jobs:
            if job not in small:
                delivered[job.file.name] = (
                    job,
                    self.deliver(self.sessions.start(job), job.file, workers=self.parallel),
                )
        return {name: self._wait_for_result(*entry) for name, entry in delivered.items()}

    def _wait_for_result(self, job: Job, upload: Upload) -> FileRow:
        upload = self.wait_until_verified(upload, job.session_key(self.hub.url))
        if upload["file_id"] is None:
            raise CliError(f"The hub verified {job.file.name} but did not create a file.", code="no_file")
        row = self.wait_until_checked(upload["file_id"])
        self.output.note(f"{job.file.name}: uploaded, {human_bytes(job.file.size_bytes)}, sha256 {job.sha256}")
        return row

    def _ticks(self, max_seconds: float, complaint: str) -> Iterator[None]:
        """Yield at once and after each wait.

        Raises:
            CliError: `max_seconds` are over.
            Stopped: The event `stop` is set.
        """
        end = time.monotonic() + max_seconds
        waits = iter(POLL_SECONDS)
        seconds = 0.0
        while True:
            yield
            if time.monotonic() > end:
                raise network(f"{complaint} after {max_seconds:.0f} s.", f"Wait a few minutes. {RUN_AGAIN}")
            seconds = next(waits, seconds)
            if self.stop.wait(seconds):
                raise Stopped
