"""Signatures of deliveries, as in the Standard Webhooks specification (symmetric signatures, `v1`)."""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
_VALID_SECRET = re.compile(r"[\x21-\x7e]{8,200}")
_VALID_TOKEN = re.compile(r"[\x21-\x7e]{1,200}")
_KEY_BYTES = range(24, 65)


def new_secret() -> str:
    """Return a new secret with 256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def is_usable(secret: str) -> bool:
    """Return whether a secret is valid: it can be sent in a header, and decoded if it begins with `whsec_`."""
    if not _VALID_SECRET.fullmatch(secret):
        return False
    if not secret.startswith(PREFIX):
        return True
    try:
        return len(key_of(secret)) in _KEY_BYTES
    except (ValueError, binascii.Error):
        return False


def is_usable_token(token: str) -> bool:
    """Return whether a token of the v3 format is valid. Its owner chose it for another system, so it may be short."""
    return _VALID_TOKEN.fullmatch(token) is not None


def key_of(secret: str) -> bytes:
    """Return the signing key: the decoded bytes of a `whsec_` secret, or the text itself of another secret."""
    if secret.startswith(PREFIX):
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    return secret.encode()


def standard_signature(keys: Sequence[str], webhook_id: str, timestamp: int, body: bytes) -> str:
    """Return the header `webhook-signature`: one `v1,<base64>` per secret, separated by spaces.

    Args:
        timestamp: The time of the attempt in epoch seconds.
    """
    signed_content = f"{webhook_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_hmac(key_of(key), signed_content)}" for key in keys)


def plain_signature(secret: str, body: bytes) -> str:
    """Return the header `Webhook-Signature` of the v3 format, which covers the body. The key is the secret as text."""
    return _hmac(secret.encode(), body)


def _hmac(key: bytes, data: bytes) -> str:
    return base64.b64encode(hmac.digest(key, data, hashlib.sha256)).decode()
