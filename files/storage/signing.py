"""Signed URLs of the hub itself, which clients use to send and fetch bytes that do not go straight to S3."""

from collections.abc import Callable
from dataclasses import astuple, dataclass
from typing import TypeVar

from django.core import signing
from django.utils import timezone

SALT = "files.incoming"
PATH = "/api/uploads/content/"
Value = TypeVar("Value")


class BadSignature(Exception):
    """The signed URL is not valid: this hub did not sign it, it was modified, or it expired."""


@dataclass(frozen=True)
class SignedPart:
    """The part that a signed URL accepts. If it is open-ended, `size_bytes` is the maximum size."""

    key: str
    number: int
    size_bytes: int
    sha256: str
    md5: str
    is_open_ended: bool = False


def sign_path(part: SignedPart, seconds: int) -> str:
    """Return a signed path that accepts exactly this part and expires after `seconds`."""
    # The expiry is part of the signed values instead of `signing.TimestampSigner`, whose age limit would have to be the
    # same for all URLs. Size and digests are signed, so the URL cannot be used for other bytes.
    until = int(timezone.now().timestamp()) + seconds
    return PATH + signing.dumps([*astuple(part), until], salt=SALT)


def read_token(token: str) -> SignedPart:
    """Return the part that a token was signed for.

    Raises:
        BadSignature: The token is invalid or has expired.
    """
    return _read(token, SALT, SignedPart)


# A salt of its own, so that a URL for sending bytes cannot be used to fetch bytes, and the other way round.
CONTENT_SALT = "files.content"
CONTENT_PATH = "/api/files/content/"


def sign_content_path(kind: str, row_id: int, seconds: int) -> tuple[str, int]:
    """Return a signed path to the bytes of a file or an icon, and the time when it expires, in epoch seconds.

    The path needs no credentials: every client that has it can fetch the bytes until it expires.
    """
    until = int(timezone.now().timestamp()) + seconds
    return CONTENT_PATH + signing.dumps([kind, row_id, until], salt=CONTENT_SALT), until


def read_content_token(token: str) -> tuple[str, int]:
    """Return the kind and the ID of the row that a token was signed for.

    Raises:
        BadSignature: The token is invalid or has expired.
    """
    return _read(token, CONTENT_SALT, lambda kind, row_id: (kind, row_id))


def _read(token: str, salt: str, build: Callable[..., Value]) -> Value:
    """Return what `build` makes of the signed values, without the time when they expire."""
    try:
        *fields, until = signing.loads(token, salt=salt)
        value = build(*fields)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadSignature("This URL was not signed by this hub. Request a new URL.") from error
    if timezone.now().timestamp() > until:
        raise BadSignature("This signed URL has expired. Request a new URL.")
    return value
