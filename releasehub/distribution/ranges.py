"""Parse byte range headers (RFC 9110, section 14). Pure functions."""

import re
from dataclasses import dataclass

_SINGLE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*")


@dataclass(frozen=True)
class Span:
    """A span of `length` bytes that begins at `start`."""

    start: int
    length: int

    @property
    def last(self) -> int:
        """The position of the last byte, as `Content-Range` states it."""
        return self.start + self.length - 1


class Unsatisfiable(ValueError):
    """Raised if the range contains no byte of the file."""


def requested_span(header: str, size: int) -> Span | None:
    """Return the requested span, or None to send the whole file (no range, several ranges, or a malformed one).

    Raises:
        Unsatisfiable: The range contains no byte of the file.
    """
    match = _SINGLE.fullmatch(header)
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        start = size - length
    else:
        start = int(first)
        if last and int(last) < start:
            return None
        length = min(int(last) + 1 if last else size, size) - start
    if length <= 0:
        raise Unsatisfiable
    return Span(start, length)


def begins_later(header: str) -> bool:
    """Return whether `Range` starts after the first byte, as it does when a client resumes a download."""
    match = re.fullmatch(r"\s*bytes\s*=\s*(\d*)-.*", header)
    return match is not None and match[1] != "" and int(match[1][:20]) > 0
