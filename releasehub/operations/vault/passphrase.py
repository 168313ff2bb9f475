"""The passphrase of the operator, and the key of a vault that it protects."""

import base64
import os
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from django.conf import settings

from releasehub.operations.errors import OperationError

MIN_CHARACTERS = 12
KEY_BYTES = 32
# 64 MiB of memory and about a fifth of a second for each guess.
SCRYPT = {"n": 2**16, "r": 8, "p": 1}
# A vault may ask for at most eight times that, so that an altered header cannot exhaust the memory.
MAX_COST = 8 * SCRYPT["n"] * SCRYPT["r"] * SCRYPT["p"]
_NONCE_BYTES = 12


def read_passphrase(file: str = "") -> str:
    """Return the passphrase from the file, or else from the settings.

    Raises:
        OperationError: There is no passphrase, or it is too short.
    """
    path = file or ("" if settings.BACKUP_PASSPHRASE else settings.BACKUP_PASSPHRASE_FILE)
    text = _first_line(path) if path else settings.BACKUP_PASSPHRASE
    if not text:
        raise OperationError(
            "Backups contain all keys of the hub, so they are encrypted. Set RELEASEHUB_BACKUP_PASSPHRASE, or store a "
            "passphrase in a file and set RELEASEHUB_BACKUP_PASSPHRASE_FILE to its path. Keep a copy of the "
            "passphrase outside this machine: without it, no backup can be restored."
        )
    if len(text) < MIN_CHARACTERS:
        raise OperationError(
            f"The passphrase has {len(text)} characters. Use at least {MIN_CHARACTERS}, such as the output of "
            "`openssl rand -base64 24`."
        )
    return str(text)


def lock_key(passphrase: str, key: bytes) -> dict[str, Any]:
    """Return the key encrypted with the passphrase, as JSON values."""
    salt, nonce = os.urandom(16), os.urandom(_NONCE_BYTES)
    locked = nonce + AESGCM(_stretch(passphrase, salt, SCRYPT)).encrypt(nonce, key, None)
    return {"kdf": "scrypt", **SCRYPT, "salt": _encode(salt), "key": _encode(locked)}


def unlock_key(passphrase: str, locked: dict[str, Any]) -> bytes:
    """Return the key that `lock_key` encrypted.

    Raises:
        OperationError: The passphrase is wrong, or the values are damaged.
    """
    try:
        cost = {name: int(locked[name]) for name in SCRYPT}
        value, salt = base64.b64decode(locked["key"]), base64.b64decode(locked["salt"])
        if cost["n"] * cost["r"] * cost["p"] > MAX_COST:
            raise OperationError("The target asks for more memory than any backup of ReleaseHub needs. It was altered.")
        cipher = AESGCM(_stretch(passphrase, salt, cost))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise OperationError("The key of this target is damaged. Use another target.") from error
    try:
        return cipher.decrypt(value[:_NONCE_BYTES], value[_NONCE_BYTES:], None)
    except InvalidTag:
        raise OperationError("The passphrase does not match this target. Use the one it was created with.") from None


def _first_line(path: str) -> str:
    try:
        return Path(path).expanduser().read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OperationError(f"The passphrase file {path} cannot be read: {error}. Check its path.") from error


def _stretch(passphrase: str, salt: bytes, cost: dict[str, int]) -> bytes:
    return Scrypt(salt, KEY_BYTES, **cost).derive(passphrase.encode())


def _encode(value: bytes) -> str:
    return base64.b64encode(value).decode()
