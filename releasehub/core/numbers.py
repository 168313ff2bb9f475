"""Whole numbers in the text of a request."""

from __future__ import annotations

LARGEST_ID = 2**63 - 1
_MAX_DIGITS = len(str(LARGEST_ID))


def read_number(text: str) -> int | None:
    """Return the number that the text writes in ASCII digits, or None if it has another form or exceeds 63 bits.

    Python converts at most 4,300 digits, and the databases store at most 63 bits.
    """
    digits = text.lstrip("0") or text[-1:]
    if not (text.isascii() and text.isdigit() and len(digits) <= _MAX_DIGITS):
        return None
    number = int(digits)
    return number if number <= LARGEST_ID else None
