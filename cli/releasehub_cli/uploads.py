"""Send files with the upload API: signed URLs, parallel parts, resume. Source: docs/api/uploads.md."""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from releasehub_cli import state
from releasehub_cli.errors import CliError, Exit, HubError, conflict, digest_differs, network
from releasehub_cli.http import RUN_AGAIN, Hub
from releasehub_cli.localfiles import LocalFile, sha256
from releasehub_cli.output import Output, human_bytes
from releasehub_cli.parallel import WorkQueue, run_threads
from releasehub_cli.progress import Meter
from releasehub_cli.retrying import Stopped
from releasehub_cli.shapes import FileRow, Upload
from releasehub_cli.transfer import UPLOADS, Transfer

SMALL_FILE_BYTES = 16 * 1024 * 1024
MAX_COMPLETE_ROUNDS = 3
POLL_SECONDS = (0.2, 0.5, 1.0, 2.0)
MIN_CHECK_BYTES_PER_SECOND = 5 * 1024 * 1024
MAX_CHECK_SECONDS = 900.0
OPEN_STATES = ("created", "uploaded")
DIGEST_WORDS = ("digest", "checksum", "sha256", "sha-256")


@dataclass
class Job:
    """One file to upload. `fields` are its platform, architecture, kind, display_label and display_order."""

    file: LocalFile
    sha256: str
    version_id: int | str | None = None
    fields: dict[str, Any] = field(default_factory=dict)

    def session_key(self, hub: str) -> str:
        return state.session_key(
            hub=hub,
            version_id=str(self.version_id or ""),
            filename=self.file.name,
            size_bytes=self.file.size_bytes,
            sha256=self.sha256,
        )


class Uploader:
    """Uploads files to one hub. `open_uploads` has the files of all unfinished uploads by id."""

    def __init__(self, hub: Hub, *, output: Output, meter: Meter, parallel: int, retries: int) -> None:
        self.hub, self.output, self.meter = hub, output, meter
        self.parallel, self.retries, self.stop = parallel, retries, hub.stop
        self.storage = hub.storage()
        self.open_uploads: dict[str, LocalFile] = {}

    def start(self, job: Job) -> Upload:
        """Resume the session that an earlier run created for this file, or create a new one.

        Raises:
            HubError: The hub refused the upload.
        """
        key = job.session_key(self.hub.url)
        upload = self._resumable(state.known_session(key))
        if upload is None:
            upload = self._create_session(job)
            self._remember(key, job, upload)
        else:
            self.output.note(f"{job.file.name}: resuming upload {upload['id']}, {_progress_of(upload)}")
        self.open_uploads[upload["id"]] = job.file
        return upload

    def find(self, upload_id: str, file: LocalFile) -> Upload:
        """Return the session with this id, which any machine may have created.

        Raises:
            CliError: The file differs from that of the session, or the session has expired.
        """
        upload = self.get(upload_id)
        if file.size_bytes != upload["size_bytes"]:
            raise digest_differs(
                f"{file.path} has {file.size_bytes} bytes, but upload {upload_id} has {upload['size_bytes']}."
            )
        if (expected := (upload["sha256"] or "").lower()) and (actual := sha256(file, self.meter)) != expected:
            raise digest_differs(f"{file.path} has SHA-256 {actual}, but upload {upload_id} has {expected}.")
        if upload["state"] == "expired":
            raise conflict(f"Upload {upload_id} has expired.", "Upload the file again without --resume.")
        if upload["state"] in OPEN_STATES:
            self.open_uploads[upload_id] = file
        return upload

    def get(self, upload_id: str) -> Upload:
        return cast("Upload", self.hub.get(f"{UPLOADS}{upload_id}/")["upload"])

    def deliver(self, upload: Upload, file: LocalFile, *, workers: int) -> Upload:
        """Send the missing parts and complete the upload.

        Raises:
            CliError: A part cannot be sent, or the hub refused to complete the upload.
        """
        for _ in range(MAX_COMPLETE_ROUNDS):
            if upload["state"] != "created":
                return upload
            self._transfer(upload, file).run(workers)
            file.ensure_unchanged()
            try:
                return self._complete(upload["id"])
            except HubError as error:
                if error.status != 409:
                    raise
                refusal = error
            upload = self.get(upload["id"])
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
            upload = self.get(upload["id"])
        if upload["state"] == "created":
            raise conflict(f"{upload['filename']}: the hub has not received all parts.", RUN_AGAIN)
        self.open_uploads.pop(upload["id"], None)
        if job_key:
            state.forget(job_key)
        if upload["state"] != "confirmed":
            raise _refusal(upload)
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
            raise CliError(
                f"{file['filename']} failed the content checks of the hub.",
                code="validation_failed",
                hint="Open the file on the hub to see the findings. Delete it there before you upload it again.",
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
                    delivered[job.file.name] = (job, self.deliver(self.start(job), job.file, workers=1))

        if small:
            run_threads(send_small, min(self.parallel, len(small)), self.stop)
        for job in jobs:
            if job not in small:
                delivered[job.file.name] = (job, self.deliver(self.start(job), job.file, workers=self.parallel))
        return {name: self._wait_for_result(*entry) for name, entry in delivered.items()}

    def _wait_for_result(self, job: Job, upload: Upload) -> FileRow:
        upload = self.wait_until_verified(upload, job.session_key(self.hub.url))
        if upload["file_id"] is None:
            raise CliError(f"The hub verified {job.file.name} but did not create a file.", code="no_file")
        row = self.wait_until_checked(upload["file_id"])
        self.output.note(f"{job.file.name}: uploaded, {human_bytes(job.file.size_bytes)}, sha256 {job.sha256}")
        return row

    def _transfer(self, upload: Upload, file: LocalFile) -> Transfer:
        return Transfer(upload, file, hub=self.hub, storage=self.storage, meter=self.meter, retries=self.retries)

    def _resumable(self, upload_id: str) -> Upload | None:
        """Return the session, or None if it cannot be resumed."""
        if not upload_id:
            return None
        try:
            upload = self.get(upload_id)
            if upload["state"] == "confirmed" and upload["file_id"] is not None:
                self.hub.get(f"/api/mc-dm-files/{upload['file_id']}/")
                return upload
        except HubError as error:
            if error.exit_code in {Exit.NOT_FOUND, Exit.NOT_ALLOWED}:
                return None
            raise
        return upload if upload["state"] in OPEN_STATES else None

    def _create_session(self, job: Job) -> Upload:
        body = {
            "filename": job.file.name,
            "size_bytes": job.file.size_bytes,
            "sha256": job.sha256,
            **{name: value for name, value in job.fields.items() if value},
        }
        if job.version_id is not None:
            body["version_id"] = job.version_id
        return cast("Upload", self.hub.post(UPLOADS, body)["upload"])

    def _remember(self, key: str, job: Job, upload: Upload) -> None:
        """Store the id of the upload for a later run. A full or read-only home folder is not an error."""
        try:
            state.remember(
                key,
                upload_id=upload["id"],
                hub=self.hub.url,
                version_id=str(job.version_id or ""),
                filename=job.file.name,
            )
        except OSError as error:
            self.output.warn(f"Cannot store the upload id; a later run will not resume automatically: {error}")

    def _complete(self, upload_id: str) -> Upload:
        return cast("Upload", self.hub.post(f"{UPLOADS}{upload_id}/complete/", is_repeatable=True)["upload"])

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


@contextmanager
def resumable(uploader: Uploader) -> Iterator[None]:
    """Add the commands that resume the open uploads to every error."""
    try:
        yield
    except (KeyboardInterrupt, Stopped):
        uploader.stop.set()
        hint = resume_hint(uploader)
        raise CliError("Interrupted.", code="interrupted", exit_code=Exit.INTERRUPTED, hint=hint) from None
    except CliError as error:
        error.hint = "\n".join(filter(None, [error.hint, resume_hint(uploader)]))
        raise


def resume_hint(uploader: Uploader) -> str:
    lines = [
        shlex.join(["releasehub", "--url", uploader.hub.url, "upload", "--resume", upload_id, str(file.path.resolve())])
        for upload_id, file in list(uploader.open_uploads.items())
    ]
    return "\n".join(["Resume with:", *lines]) if lines else ""


def _progress_of(upload: Upload) -> str:
    return f"{len(upload['received'])} of {upload['part_count']} parts are stored"


def _refusal(upload: Upload) -> CliError:
    """Return the error of a failed session."""
    fault = upload["error"] or {"code": upload["state"], "message": f"The upload is {upload['state']}."}
    message = f"{upload['filename']}: {fault['message']}"
    if any(word in f"{fault['code']} {fault['message']}".lower() for word in DIGEST_WORDS):
        return CliError(
            message, code=fault["code"], exit_code=Exit.DIGEST, hint="Check the file, then upload it again."
        )
    return CliError(message, code=fault["code"], hint="Upload the file again. This session cannot be resumed.")
