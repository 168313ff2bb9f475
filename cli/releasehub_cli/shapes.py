"""The fields of the API responses that the client reads. Source: docs/api/uploads.md and docs/api/mc-dm.md."""

from __future__ import annotations

from typing import NotRequired, TypedDict


class DownloadRow(TypedDict):
    download_id: int
    title: str
    tag_line: str
    view_url: str
    download_state: str
    download_count: int


class CategoryRow(TypedDict):
    category_id: int
    parent_category_id: int
    title: str
    view_url: str


class VersionRow(TypedDict):
    """A version in lists and in responses with `with=full`."""

    version_id: int
    download_id: int
    version_string: str
    tag: NotRequired[str]
    display_title: str
    channel: str
    state: str
    is_published: bool
    is_yanked: bool
    is_security_release: bool
    yank_reason: NotRequired[str]
    release_date: int
    file_count: int
    download_count: int
    primary_file_id: int


class FileFinding(TypedDict):
    code: str
    message: str


class FileRow(TypedDict):
    """A file in lists and in responses with `with=full`. `file_hash` is `sha256:` plus hex, or null for a link."""

    file_id: int
    version_id: int
    filename: str
    file_size: int
    file_hash: str | None
    platform: str
    architecture: str
    kind: NotRequired[str]
    is_primary: bool
    validation_status: str
    findings: NotRequired[list[FileFinding]]


class PartUrl(TypedDict):
    """A signed URL for the `size_bytes` bytes from `first_byte`, and the exact headers to send."""

    number: int
    url: str
    method: str
    headers: dict[str, str]
    first_byte: int
    size_bytes: int


class UploadFault(TypedDict):
    code: str
    message: str


class Upload(TypedDict):
    """An upload session.

    Attributes:
        state: created, uploaded, confirmed, failed or expired.
        part_bytes: The size of a part. 0 means that one PUT sends the whole file as part 1.
    """

    id: str
    state: str
    version_id: int | None
    filename: str
    size_bytes: int
    sha256: str | None
    part_bytes: int
    part_count: int
    received: list[int]
    missing: list[int]
    file_id: int | None
    error: UploadFault | None
    urls: list[PartUrl]


def sha256_of(file: FileRow) -> str:
    """Return the SHA-256 of a file in hex, or an empty string for a link."""
    return (file["file_hash"] or "").removeprefix("sha256:").lower()
