from itertools import count
from typing import Any

from downloads.models import Category, Download, Prefix
from downloads.services import create_category, create_download, create_prefix
from files.blobs import keep_upload
from files.models import File, UploadSession
from files.services import add_file
from files.storage.streaming import Receiver, StagedUpload
from files.uploads.sessions import begin_upload, open_incoming
from releasehub.accounts.models import User
from releasehub.core.actor import Actor, system_actor
from releasehub.publishing.releases import create_version
from tests.factories.accounts import make_user
from versions.models import Version

_numbers = count(1)


def system() -> Actor:
    return system_actor()


def make_category(title: str = "", **fields: Any) -> Category:
    return create_category(actor=system(), title=title or f"Category {next(_numbers)}", **fields)


def make_prefix(title: str = "", *, categories: tuple[Category, ...] = (), **fields: Any) -> Prefix:
    title = title or f"Prefix {next(_numbers)}"
    return create_prefix(actor=system(), title=title, categories=categories, **fields)


def make_download(
    owner: User | None = None, *, category: Category | None = None, title: str = "", **fields: Any
) -> Download:
    return create_download(
        actor=system(),
        category=category or make_category(),
        title=title or f"Download {next(_numbers)}",
        owner=owner or make_user(),
        **fields,
    )


def make_version(download: Download | None = None, number: str = "", *, files: int = 0, **fields: Any) -> Version:
    """Create a version with `files` small files."""
    parent = download or make_download()
    version = create_version(actor=system(), download_id=parent.pk, number=number or f"1.{next(_numbers)}.0", **fields)
    for index in range(files):
        make_file(version, name=f"file-{index}.bin")
    version.refresh_from_db()
    return version


def stage(content: bytes, name: str = "tool.bin") -> StagedUpload:
    """Return staged bytes that no blob uses yet."""
    receiver = Receiver(name)
    receiver.write(content)
    return receiver.finish()


def make_file(version: Version | None = None, *, name: str = "", content: bytes | None = None, **fields: Any) -> File:
    """Create a file. Its content is unique by default, and is not inspected, whatever the name is."""
    number = next(_numbers)
    parent = version or make_version()
    upload = stage(content if content is not None else f"content {number}".encode(), name or f"tool-{number}.bin")
    return add_file(
        actor=system(), version=parent, filename=upload.name, blob=keep_upload(upload), warnings=[], **fields
    )


def make_loose_upload(user: User, *, name: str = "tool.bin", content: bytes = b"", **fields: Any) -> UploadSession:
    """Create a completed upload that is not attached to a version yet."""
    blob = keep_upload(stage(content or f"upload {next(_numbers)}".encode(), name))
    incoming = open_incoming(size_bytes=blob.size_bytes, part_bytes=None)
    upload = begin_upload(actor=Actor(user=user), version=None, filename=name, incoming=incoming, **fields)
    upload.state, upload.blob = UploadSession.State.CONFIRMED, blob
    upload.save()
    return upload
