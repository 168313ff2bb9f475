"""The parts of sort keys: bytes that compare in version order, so that the database can sort by them."""

from itertools import dropwhile


def release_key(release: tuple[int, ...], epoch: int = 0) -> bytes:
    """Return the key of the release numbers without trailing zeros, so that 1.0 and 1.0.0 are equal.

    A number with a higher epoch is above all numbers with a lower epoch.
    """
    numbers = reversed(list(dropwhile(lambda part: part == 0, reversed(release))))
    head = b"\x03" + integer_key(epoch) if epoch else b"\x02"
    return head + b"".join(integer_key(part) for part in numbers)


def fields_key(fields: list[str]) -> bytes:
    """Return the key of the fields: numbers sort below words, and fewer fields below more (semver.org, item 11)."""
    encoded = (b"\x02" + integer_key(int(f)) if f.isdecimal() else b"\x03" + f.encode() + b"\x00" for f in fields)
    return b"".join(encoded) + b"\x01"


def integer_key(value: int) -> bytes:
    """Return the integer as bytes that compare like the number: first the length, then the digits in base 256."""
    raw = value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")
    return bytes([16 + len(raw)]) + raw
