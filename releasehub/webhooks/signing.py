"""Signatures of deliveries. Pure functions.

Source: the Standard Webhooks specification (symmetric signatures, `v1`).
"""

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence

PREFIX = "whsec_"
_CHOSEN = re.compile(r"[\x21-\x7e]{8,200}")
_KEY_BYTES = range(24, 65)


def new_secret() -> str:
    """256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def is_usable(secret: str) -> bool:
    """Whether a secret somebody chose can be sent in a header, and decoded where it says it is encoded."""
    if not _CHOSEN.fullmatch(secret):
        return False
    if not secret.startswith(PREFIX):
        return True
    try:
        return len(key_of(secret)) in _KEY_BYTES
    except (ValueError, binascii.Error):
        return False


def key_of(secret: str) -> bytes:
    """The bytes to sign with: what `whsec_` secrets encode, the text itself of others."""
    if secret.startswith(PREFIX):
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    return secret.encode()


def standard_signature(keys: Sequence[str], webhook_id: str, timestamp: int, body: bytes) -> str:
    """`webhook-signature`: one `v1,<base64>` per secret, with a space between. `timestamp` in epoch seconds."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return " ".join(f"v1,{_hmac(key_of(key), signed)}" for key in keys)


def plain_signature(secret: str, body: bytes) -> str:
    """`Webhook-Signature` of the v3 format: over the body alone, with the text of the secret as the key."""
    return _hmac(secret.encode(), body)


def _hmac(key: bytes, data: bytes) -> str:
    return base64.b64encode(hmac.digest(key, data, hashlib.sha256)).decode()
