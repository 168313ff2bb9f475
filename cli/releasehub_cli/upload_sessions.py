"""Upload sessions of the hub: create them, find them again and complete them. Source: docs/api/uploads.md."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

from releasehub_cli import state
from releasehub_cli.digests import sha256
from releasehub_cli.errors import CliError, Exit, HubError, conflict, digest_differs
from releasehub_cli.http import Hub
from releasehub_cli.localfiles import LocalFile
from releasehub_cli.output import Output
from releasehub_cli.progress import Meter
from releasehub_cli.shapes import Upload
from releasehub_cli.transfer import UPLOADS

OPEN_STATES = ("created", "uploaded")


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


class UploadSessions:
    """The upload sessions of one hub. `open_uploads` has the files of the unfinished ones by id."""

    def __init__(self, hub: Hub, output: Output) -> None:
        self.hub, self.output = hub, output
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
            progress = f"{len(upload['received'])} of {upload['part_count']} parts are stored"
            self.output.note(f"{job.file.name}: resuming upload {upload['id']}, {progress}")
        self.open_uploads[upload["id"]] = job.file
        return upload

    def find(self, upload_id: str, file: LocalFile, meter: Meter) -> Upload:
        """Return the session with this id, which any machine may have created.

        Raises:
            CliError: The file differs from that of the session, or the session has expired.
        """
        upload = self.get(upload_id)
        if file.size_bytes != upload["size_bytes"]:
            raise digest_differs(
                f"{file.path} has {file.size_bytes} bytes, but upload {upload_id} has {upload['size_bytes']}."
            )
        if (expected := (upload["sha256"] or "").lower()) and (actual := sha256(file, meter)) != expected:
            raise digest_differs(f"{file.path} has SHA-256 {actual}, but upload {upload_id} has {expected}.")
        if upload["state"] == "expired":
            raise conflict(f"Upload {upload_id} has expired.", "Upload the file again without --resume.")
        if upload["state"] in OPEN_STATES:
            self.open_uploads[upload_id] = file
        return upload

    def get(self, upload_id: str) -> Upload:
        return cast("Upload", self.hub.get(f"{UPLOADS}{upload_id}/")["upload"])

    def complete(self, upload_id: str) -> Upload:
        return cast("Upload", self.hub.post(f"{UPLOADS}{upload_id}/complete/", is_repeatable=True)["upload"])

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


DIGEST_WORDS = ("digest", "checksum", "sha256", "sha-256")


def refusal_of(upload: Upload) -> CliError:
    """Return the error of a failed session."""
    fault = upload["error"] or {"code": upload["state"], "message": f"The upload is {upload['state']}."}
    message = f"{upload['filename']}: {fault['message']}"
    if any(word in f"{fault['code']} {fault['message']}".lower() for word in DIGEST_WORDS):
        return CliError(
            message, code=fault["code"], exit_code=Exit.DIGEST, hint="Check the file, then upload it again."
        )
    return CliError(message, code=fault["code"], hint="Upload the file again. This session cannot be resumed.")
