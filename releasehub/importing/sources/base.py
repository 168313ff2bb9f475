"""The interface of a source, and the values that it returns. A source only reads, and knows nothing of the database."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class SourceAsset:
    """A file of a release at its source.

    Attributes:
        key: What identifies the file at the source, at most 200 characters. It stays the same in every listing.
        url: What `ReleaseSource.open` needs to find the bytes: a URL, or the path in a folder.
        size_bytes: The size, or None if the source does not state it.
        digest: The checksum that the source states: `sha256:`, `sha512:`, `sha1:` or `md5:` and lower-case hex, or an
            empty string.
        label: The text that people see instead of the name, or an empty string.
        platform: The platform. None if the source knows no platforms of files, so that it is read from the name.
        architecture: The architecture, in the same way.
        fields: Further fields of the file, such as `kind` and `is_primary`, as ReleaseHub names them.
        sends_token: The bytes are behind the token of the source. It is false for each URL that an author of the
            release may have chosen: with the token, it could lead to something that only the owner of the token sees.
    """

    key: str
    name: str
    url: str
    size_bytes: int | None = None
    digest: str = ""
    label: str = ""
    platform: str | None = None
    architecture: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    download_count: int = 0
    sends_token: bool = False


@dataclass(frozen=True)
class SourceRelease:
    """A release at its source.

    Attributes:
        key: What identifies the release at the source, at most 200 characters. It stays the same in every listing.
        tag: The tag, exactly as the source has it, or an empty string if the source has no tags.
        number: The version number. If it is empty, it follows from the tag.
        channel: The channel. If it is empty, it follows from `is_prerelease` and the number.
        created_at: When the release was made at the source.
        published_at: When it was published at the source.
        commitish: The commit or the branch of the tag.
        is_archived: Whether the source keeps the release, but does not offer it as an update any more.
        fields: Further fields of the version, such as `platforms` and `changelog`, as ReleaseHub names them.
        yank_reason: Why the release was yanked; None if it was not. An empty string stands for no reason.
        assets: All files that are complete at the source.
    """

    key: str
    tag: str
    number: str = ""
    title: str = ""
    notes: str = ""
    channel: str = ""
    is_prerelease: bool = False
    is_draft: bool = False
    created_at: datetime | None = None
    published_at: datetime | None = None
    author: str = ""
    page_url: str = ""
    commitish: str = ""
    yank_reason: str | None = None
    is_archived: bool = False
    fields: Mapping[str, Any] = field(default_factory=dict)
    assets: tuple[SourceAsset, ...] = ()


@dataclass(frozen=True)
class OpenedAsset:
    """The bytes of a file, inside the context of `ReleaseSource.open`.

    Attributes:
        chunks: The bytes in chunks of at most 1 MiB.
        start: The position of the first byte. It is 0 if the source cannot start later, whatever was asked for.
        size_bytes: The size of the whole file, or None if it is unknown until the end.
        etag: A text that changes when the bytes change, or an empty string.
    """

    chunks: Iterator[bytes]
    start: int = 0
    size_bytes: int | None = None
    etag: str = ""


class ReleaseSource(ABC):
    """A place with releases."""

    @abstractmethod
    def releases(self) -> Iterator[SourceRelease]:
        """Yield all releases, the newest first, without holding all of them in memory.

        Raises:
            SourceUnavailable: The source does not answer at the moment.
            SourceRefused: The source cannot be read like this.
        """

    def on_request(self, call: Callable[[], None]) -> None:
        """Let the source call the function before each request for a list, so that it can stop a list without an end.

        A source that sends no requests never calls it.
        """
        del call

    @abstractmethod
    def open(self, asset: SourceAsset, *, start: int = 0) -> AbstractContextManager[OpenedAsset]:
        """Open the bytes of a file, from position `start` on if the source can do that.

        Raises:
            SourceUnavailable: The source does not answer at the moment. Reading the chunks may raise it as well.
            SourceRefused: The source does not have the file.
        """


@dataclass(frozen=True)
class SourceSettings:
    """The place of a source, as a person has entered it.

    Attributes:
        address: What is imported, in the form that the kind of the source asks for, such as `owner/repository`.
        api_url: The base URL of the API, or an empty string for the default of the kind.
    """

    address: str
    api_url: str = ""
    token: str = ""
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class SourceKind:
    """A kind of source, as people choose it.

    Attributes:
        name: The name in commands, such as `github`.
        build: Returns the source for the settings. It raises `Invalid` with the field `address`, `api_url` or `token`
            if they are not valid, and sends no request.
        address_example: What an address looks like.
        default_api_url: The base URL of the API if none is given. An empty string if one has to be given.
        is_local: The source reads files of the server, so that only commands may use it.
        options: The names of further settings, each with a description. Commands offer them as `--name`.
    """

    name: str
    label: str
    build: Callable[[SourceSettings], ReleaseSource]
    address_example: str
    default_api_url: str = ""
    is_local: bool = False
    options: Mapping[str, str] = field(default_factory=dict)


class SourceError(Exception):
    """A source cannot be read. The message is a sentence for people, without secrets."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class SourceUnavailable(SourceError):
    """The source does not answer at the moment, or asks to wait. `wait_seconds` is how long, if it says so."""

    def __init__(self, message: str, *, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.wait_seconds = wait_seconds


class SourceRefused(SourceError):
    """The source cannot be read like this: it does not exist, refuses the token, or sends something else."""
