"""The two ways in which every caller uses a writer: to the end or not at all, and with a digest of what it wrote."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from files.storage.base import Writer

W = TypeVar("W", bound=Writer)


@contextmanager
def written(writer: W) -> Iterator[W]:
    """Yield the writer, and finish its object after the block. If the block raises an exception, nothing remains."""
    try:
        yield writer
        writer.finish()
    except BaseException:
        writer.abort()
        raise


def copied_digest(chunks: Iterable[bytes], write: Callable[[bytes], object]) -> str:
    """Write the chunks, and return their SHA-256 in hex."""
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
        write(chunk)
    return digest.hexdigest()
