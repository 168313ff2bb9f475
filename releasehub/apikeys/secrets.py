"""The form of a key: a prefix, 36 random base62 characters, 6 check characters. Pure functions."""

import hashlib
import re
import secrets
import string
import zlib

API_KEY = "rh_"
ACCESS_KEY = "rhk_"  # opens one download to whoever holds it
RANDOM_LENGTH = 36
CHECK_LENGTH = 6
DISPLAY_LENGTH = 8
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_REST = re.compile(rf"[0-9A-Za-z]{{{RANDOM_LENGTH + CHECK_LENGTH}}}")


def new_secret(prefix: str = API_KEY) -> str:
    body = prefix + "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_LENGTH))
    return body + check_characters(body)


def check_characters(body: str) -> str:
    """CRC-32 of the text before them, in base62: a typing mistake is found without a query."""
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_LENGTH):
        value, digit = divmod(value, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


def is_well_formed(secret: str, prefix: str = API_KEY) -> bool:
    if not secret.startswith(prefix) or not _REST.fullmatch(secret, len(prefix)):
        return False
    return secret[-CHECK_LENGTH:] == check_characters(secret[:-CHECK_LENGTH])


def digest(secret: str) -> str:
    """SHA-256, hex. Enough for 214 random bits, and cheap on every request."""
    return hashlib.sha256(secret.encode()).hexdigest()
