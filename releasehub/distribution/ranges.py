"""Parse byte range headers (RFC 9110, section 14). Pure functions."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

# electron-updater asks for up to 1,000 ranges in one request, zsync for 20.
MAX_RANGES = 1000
_UNIT = re.compile(r"\s*bytes\s*=", re.IGNORECASE)
_RANGE = re.compile(r"(\d{0,19})-(\d{0,19})")
_SINGLE_LATER = re.compile(r"0*[1-9]\d*-\d*")


@dataclass(frozen=True)
class Span:
    """A span of `length` bytes that begins at `start`."""

    start: int
    length: int

    @property
    def last(self) -> int:
        """The position of the last byte, as `Content-Range` states it."""
        return self.start + self.length - 1

    @property
    def end(self) -> int:
        """The position after the last byte."""
        return self.start + self.length


class Unsatisfiable(ValueError):
    """Raised if no range contains a byte of the file."""


def requested_spans(header: str, size: int) -> list[Span]:
    """Return the requested spans in the order of the request, or an empty list to send the whole file.

    The whole file is sent if there is no range, if the header is malformed, or if it has more than `MAX_RANGES` ranges.
    Ranges beyond the end are left out. Overlapping and adjacent ranges are merged, so no byte is sent twice. Gaps are
    never filled: electron-updater expects as many parts as it asked for.
    """
    texts = _range_texts(header)
    pairs = [match.groups() for match in map(_RANGE.fullmatch, texts) if match is not None]
    if not texts or len(texts) > MAX_RANGES or len(pairs) != len(texts) or not all(map(_is_ordered, pairs)):
        return []
    spans = [span for span in (_span(first, last, size) for first, last in pairs) if span.length > 0]
    if not spans:
        raise Unsatisfiable
    return _merged(spans)


def begins_later(header: str) -> bool:
    """Return whether `Range` asks for one range after the first byte, as a client does that resumes a download.

    Several ranges are not a resumed download, but an update that replaces parts of an older file.
    """
    texts = _range_texts(header)
    return len(texts) == 1 and _SINGLE_LATER.fullmatch(texts[0]) is not None


def _range_texts(header: str) -> list[str]:
    """Return the elements of the list of ranges, or an empty list if the unit is not bytes."""
    unit = _UNIT.match(header)
    return [text for part in header[unit.end() :].split(",") if (text := part.strip())] if unit else []


def _is_ordered(pair: tuple[str, ...]) -> bool:
    """Return whether the range has a position, and does not end before it begins."""
    first, last = pair
    return bool(first or last) and not (first and last and int(last) < int(first))


def _span(first: str, last: str, size: int) -> Span:
    """Return the part of the range that lies inside the file. Its length is 0 or negative if there is none."""
    if not first:
        length = min(int(last), size)
        return Span(size - length, length)
    start = int(first)
    return Span(start, min(int(last) + 1 if last else size, size) - start)


def _merged(spans: Iterable[Span]) -> list[Span]:
    """Merge overlapping and adjacent spans. A merged span takes the place of the earliest one in the request."""
    merged: list[tuple[int, Span]] = []
    for place, span in sorted(enumerate(spans), key=lambda item: item[1].start):
        if merged and span.start <= merged[-1][1].end:
            before_place, before = merged.pop()
            end = max(before.end, span.end)
            merged.append((min(before_place, place), Span(before.start, end - before.start)))
        else:
            merged.append((place, span))
    return [span for _, span in sorted(merged, key=lambda item: item[0])]
