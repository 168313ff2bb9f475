"""Signed addresses of the hub itself, for what clients of local storage send and fetch."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from django.core import signing
from django.utils import timezone

SALT = "files.incoming"
PATH = "/api/uploads/content/"


class BadSignature(Exception):
    """Made by somebody else, changed on the way, or expired."""


@dataclass(frozen=True)
class SignedPart:
    """`is_open_ended`: `size_bytes` is the most that may come."""

    key: str
    number: int
    size_bytes: int
    sha256: str
    md5: str
    is_open_ended: bool = False


def sign_path(part: SignedPart, seconds: int) -> str:
    """A path that stands for exactly these bytes at exactly this place, for so many seconds."""
    until = int(timezone.now().timestamp()) + seconds
    return PATH + signing.dumps([*astuple(part), until], salt=SALT)


def read_token(token: str) -> SignedPart:
    """Errors: BadSignature."""
    try:
        *fields, until = signing.loads(token, salt=SALT)
        part = SignedPart(*fields)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadSignature("This address was not signed by this hub.") from error
    if timezone.now().timestamp() > until:
        raise BadSignature("This address has expired. Ask the hub for a fresh one.")
    return part


CONTENT_SALT = "files.content"
CONTENT_PATH = "/api/files/content/"


def sign_content_path(kind: str, row_id: int, seconds: int) -> tuple[str, int]:
    """A path that brings the bytes of this file or icon to whoever has it, and when it ends, in epoch seconds."""
    until = int(timezone.now().timestamp()) + seconds
    return CONTENT_PATH + signing.dumps([kind, row_id, until], salt=CONTENT_SALT), until


def read_content_token(token: str) -> tuple[str, int]:
    """Kind and id of the row.  Errors: BadSignature."""
    try:
        kind, row_id, until = signing.loads(token, salt=CONTENT_SALT)
    except (signing.BadSignature, ValueError, TypeError) as error:
        raise BadSignature("This address was not signed by this hub.") from error
    if timezone.now().timestamp() > until:
        raise BadSignature("This address has expired. Ask the hub for a fresh one.")
    return kind, row_id
