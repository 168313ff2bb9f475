"""Parsing of whole numbers in the text of a request."""

MAX_ID = 2**63 - 1
"""The largest id, and the largest value of any other 64-bit column."""
MAX_INTEGER = 2**31 - 1
"""The largest value of a 32-bit column, such as a PositiveIntegerField."""
_MAX_DIGITS = len(str(MAX_ID))


def read_number(text: str) -> int | None:
    """Return the number that the text spells in ASCII digits, or None if it is something else or exceeds 63 bits.

    The databases store at most 63 bits. The length is checked first, because Python refuses to convert more than
    4,300 digits.
    """
    digits = text.lstrip("0") or text[-1:]
    if not (text.isascii() and text.isdigit() and len(digits) <= _MAX_DIGITS):
        return None
    number = int(digits)
    return number if number <= MAX_ID else None
