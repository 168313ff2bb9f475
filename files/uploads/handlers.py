"""Django upload handling that streams to storage: no whole file in memory, no temporary file outside the storage."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.core.exceptions import SuspiciousOperation
from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from files.storage.streaming import Receiver, StagedUpload
from releasehub.core.errors import Invalid

FIELD = "file"
MAX_WAITING_BYTES = 1024 * 1024
TARGET_FIRST = "The form sends the file before version_id. Send version_id before the file, or in the query string."
View = TypeVar("View", bound=Callable[..., Any])
Authorize = Callable[[str], int | None]


class ReceivedFile(UploadedFile):  # type: ignore[type-arg]
    """An uploaded file whose bytes are already in the storage, as `staged`."""

    def __init__(self, staged: StagedUpload) -> None:
        super().__init__(file=None, name=staged.name, size=staged.size_bytes)
        self.staged = staged

    def _set_name(self, name: str | None) -> None:
        """Set the name as sent. Django would silently cut off a path; the hub refuses it with a reason."""
        self._name = name

    def close(self) -> None:
        """Do nothing, because there is no local file. Django closes every file when it gives up parsing a form."""

    name = property(UploadedFile._get_name, _set_name)  # type: ignore[attr-defined]


def takes_files(view: View) -> View:
    """Mark a view whose body may hold a file, so that the limit on ordinary bodies does not apply to it."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


class FileNotExpected(SuspiciousOperation):
    """Raised for a form with a file on a route that does not accept files."""


class RefusingUploadHandler(FileUploadHandler):
    """Refuse a form at its first file, before a byte of it is written anywhere.

    This is the default of the whole hub. A route that takes files installs a handler of its own after it has checked
    the caller's right to send one.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise FileNotExpected("This URL does not accept files. Send the form without a file.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        raise FileNotExpected("This URL does not accept files. Send the form without a file.")

    def file_complete(self, file_size: int) -> None:
        return None


class StagingUploadHandler(FileUploadHandler):
    """Stream the file of the form field `file` to storage; `discard` deletes bytes that no blob uses.

    Args:
        authorize: Decides by the file's name whether the caller may send it, before the first byte is stored. It
            returns the most bytes the file may have (0: no limit), or None while the form has not named the target
            yet: then up to `MAX_WAITING_BYTES` are held in memory until `release`.

    Raises:
        Invalid: For a file in another field, a second file, or a large file that comes before its target is named.
        DomainError: What `authorize` and `Receiver` raise.
    """

    chunk_size = 256 * 1024

    def __init__(self, request: HttpRequest | None = None, *, authorize: Authorize) -> None:
        super().__init__(request)
        self.authorize = authorize
        self.receiver: Receiver | None = None
        self.waiting: bytearray | None = None
        self.staged: list[StagedUpload] = []

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        if self.field_name != FIELD or self.staged or self.waiting is not None:
            message = (
                f"The form has a file in the field {self.field_name}. Send the file in the field {FIELD}."
                if self.field_name != FIELD
                else "The form has several files, so none of them was stored. Send one request for each file."
            )
            raise Invalid(message, field=str(self.field_name))
        limit = self.authorize(str(self.file_name))
        if limit is None:
            self.waiting = bytearray()
        else:
            self.receiver = Receiver(str(self.file_name), limit_bytes=limit)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        if self.receiver is not None:
            self.receiver.write(raw_data)
        elif self.waiting is not None:
            if len(self.waiting) + len(raw_data) > MAX_WAITING_BYTES:
                raise Invalid(TARGET_FIRST, field=FIELD)
            self.waiting += raw_data

    def file_complete(self, file_size: int) -> ReceivedFile | None:
        if self.receiver is None:
            return None
        self.staged.append(self.receiver.finish())
        self.receiver = None
        return ReceivedFile(self.staged[-1])

    def release(self) -> ReceivedFile | None:
        """Store the file that waited for its target, now that the whole form has been read."""
        if self.waiting is None:
            return None
        content, self.waiting = bytes(self.waiting), None
        limit = self.authorize(str(self.file_name))
        if limit is None:  # the form never named a target; its serializer says so
            return None
        self.receiver = Receiver(str(self.file_name), limit_bytes=limit)
        self.receiver.write(content)
        return self.file_complete(len(content))

    def upload_interrupted(self) -> None:
        self.discard()

    def discard(self) -> None:
        """Delete the staged bytes that no blob uses. Called after an error, and after the response."""
        self.waiting = None
        if self.receiver is not None:
            self.receiver.abort()
            self.receiver = None
        for upload in self.staged:
            upload.discard()
