"""The statements of a feed about a version, as plain values that every writer of a feed understands."""

from dataclasses import dataclass
from datetime import datetime

from versions.rollout import EVERYONE


@dataclass(frozen=True, kw_only=True)
class FeedFile:
    """A file of a feed.

    Attributes:
        url: The permanent URL, absolute and percent-encoded.
        size_bytes: The size; 0 if it is unknown, as for some links.
        block_map_bytes: The size of the block map at the end of the file; 0 if the file has none in it.
    """

    url: str
    sha512: str
    size_bytes: int
    block_map_bytes: int = 0


@dataclass(frozen=True)
class FeedNote:
    """The notes of one version."""

    number: str
    text: str


@dataclass(frozen=True, kw_only=True)
class FeedRelease:
    """The version that a feed offers.

    Attributes:
        number: The number in the form that the clients of the feed read.
        files: The files, the main one first.
        notes: The notes of this version and, if the feed has more than one, of the versions below it.
    """

    number: str
    title: str
    released_at: datetime
    files: tuple[FeedFile, ...]
    notes: tuple[FeedNote, ...] = ()
    rollout_percent: int = EVERYONE
