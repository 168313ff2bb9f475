"""Encryption of secrets that the hub has to read again, such as the signing secrets of webhooks.

A copy of the database alone does not reveal them: the encryption keys are derived from SECRET_KEY. Values that were
encrypted under an earlier SECRET_KEY stay readable while that key is listed in SECRET_KEY_FALLBACKS.
"""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

_PREFIX = "v1."
# Part of the key derivation: with another value, no stored secret could be decrypted.
_KEY_CONTEXT = b"releasehub.core.sealing"


class DecryptionError(Exception):
    """The value was encrypted under a SECRET_KEY that is no longer configured, or it was altered since."""


def encrypt(text: str) -> str:
    """Return the text encrypted under the current SECRET_KEY."""
    return _PREFIX + _cipher().encrypt(text.encode()).decode()


def is_encrypted(text: str) -> bool:
    """Return whether the text has the form that `encrypt` returns. JSON never starts with the same prefix."""
    return text.startswith(_PREFIX)


def decrypt(encrypted: str) -> str:
    """Return the text that `encrypt` was called with.

    Raises:
        DecryptionError: No configured SECRET_KEY decrypts the value.
    """
    try:
        return _cipher().decrypt(encrypted.removeprefix(_PREFIX)).decode()
    except InvalidToken:
        raise DecryptionError from None


def decrypts_to(encrypted: str, text: str) -> bool:
    """Return whether the stored text is this one. Without a text, nothing is stored."""
    try:
        return (decrypt(encrypted) if encrypted else "") == text
    except DecryptionError:
        return False


def _cipher() -> MultiFernet:
    """Return a cipher that encrypts with the first key and tries every key to decrypt."""
    return MultiFernet([Fernet(_derive_key(str(key))) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _derive_key(secret_key: str) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(secret_key.encode(), _KEY_CONTEXT, hashlib.sha256))
