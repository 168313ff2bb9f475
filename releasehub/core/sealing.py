"""Secrets that must be read again, unreadable to who has only the database.

Sealed under keys that follow from SECRET_KEY; SECRET_KEY_FALLBACKS open what an earlier one sealed.
"""

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

_MARK = "v1."


class Unsealable(Exception):
    """Sealed under a SECRET_KEY this hub no longer has, or changed since."""


def seal(text: str) -> str:
    return _MARK + _box().encrypt(text.encode()).decode()


def is_sealed(text: str) -> bool:
    """Told from JSON, which never begins like this."""
    return text.startswith(_MARK)


def unseal(sealed: str) -> str:
    """Errors: Unsealable."""
    try:
        return _box().decrypt(sealed.removeprefix(_MARK)).decode()
    except InvalidToken:
        raise Unsealable from None


def _box() -> MultiFernet:
    """The first key seals, all of them open."""
    return MultiFernet([Fernet(_derived(str(key))) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)])


def _derived(key: str) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(key.encode(), b"releasehub.core.sealing", hashlib.sha256))
