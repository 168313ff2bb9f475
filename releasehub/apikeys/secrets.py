"""The format of API keys and access keys: a prefix, 36 random base62 characters and 6 check characters."""

import hashlib
import re
import secrets
import string
import zlib

API_KEY = "rh_"
ACCESS_KEY = "rhk_"  # gives access to one download without an account
RANDOM_CHARACTERS = 36
CHECK_CHARACTERS = 6
DISPLAY_CHARACTERS = 8
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BODY = re.compile(rf"[0-9A-Za-z]{{{RANDOM_CHARACTERS + CHECK_CHARACTERS}}}")


def new_secret(prefix: str = API_KEY) -> str:
    body = prefix + "".join(secrets.choice(_ALPHABET) for _ in range(RANDOM_CHARACTERS))
    return body + check_characters(body)


def check_characters(body: str) -> str:
    """Return the CRC-32 of the text in base62. It reveals typing mistakes without a database query."""
    value, digits = zlib.crc32(body.encode()), ""
    for _ in range(CHECK_CHARACTERS):
        value, digit = divmod(value, len(_ALPHABET))
        digits = _ALPHABET[digit] + digits
    return digits


def is_well_formed(secret: str, prefix: str = API_KEY) -> bool:
    """Return whether the text has the format of a key, including correct check characters."""
    if not secret.startswith(prefix) or not _BODY.fullmatch(secret, len(prefix)):
        return False
    return secret[-CHECK_CHARACTERS:] == check_characters(secret[:-CHECK_CHARACTERS])


def digest(secret: str) -> str:
    """Return the SHA-256 of a key in hex.

    A key has 214 random bits, so it needs no slow password hash, which every request would have to compute.
    """
    return hashlib.sha256(secret.encode()).hexdigest()
