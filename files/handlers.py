"""Django upload handling that streams to storage: no whole file in memory, no temporary file beside the storage."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from files.uploads import Receiver, StagedUpload
from releasehub.core.errors import ErrorCode, Invalid

FIELD = "file"


class StagedFile(UploadedFile):  # type: ignore[type-arg]
    """What forms and serializers get: size and name as usual, the bytes as `staged`."""

    def __init__(self, staged: StagedUpload) -> None:
        super().__init__(file=None, name=staged.name, size=staged.size_bytes)
        self.staged = staged

    def _set_name(self, name: str | None) -> None:
        """Kept as sent: Django would cut a path off silently, here a path is refused with a reason."""
        self._name = name

    def close(self) -> None:
        """Do nothing, because there is no local file. Django closes every file when it gives up parsing a form."""

    name = property(UploadedFile._get_name, _set_name)  # type: ignore[attr-defined]


class StagingUploadHandler(FileUploadHandler):
    """Accepts files in the form field `file`; `discard` removes whatever no blob took over.

    Errors, raised out of the parsing: Invalid for other or more files than allowed, those of Receiver.
    """

    chunk_size = 256 * 1024

    def __init__(self, request: HttpRequest | None = None, *, limit_bytes: int = 0, most_files: int = 1) -> None:
        super().__init__(request)
        self.limit_bytes = limit_bytes
        self.most_files = most_files
        self.receiver: Receiver | None = None
        self.staged: list[StagedUpload] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.field_name != FIELD or len(self.staged) >= self.most_files:
            message = f"Send at most {self.most_files} file, in the field {FIELD}."
            raise Invalid(ErrorCode.INVALID, message, field=str(self.field_name))
        self.receiver = Receiver(str(self.file_name), limit_bytes=self.limit_bytes)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.receiver is not None:
            self.receiver.write(raw_data)

    def file_complete(self, file_size: int) -> StagedFile | None:
        if self.receiver is None:
            return None
        self.staged.append(self.receiver.finish())
        self.receiver = None
        return StagedFile(self.staged[-1])

    def upload_interrupted(self) -> None:
        self.discard()

    def discard(self) -> None:
        """After an error, or when the request is answered: bytes a blob took over stay, all others go."""
        if self.receiver is not None:
            self.receiver.abort()
            self.receiver = None
        for upload in self.staged:
            upload.discard()
