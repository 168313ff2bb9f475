"""The keys of the audit log. They are never in the database, so somebody with access to it alone can forge nothing.

The keys authenticate chained rows (with HMAC) and sign positions in the chain. New rows use RELEASEHUB_AUDIT_KEY or, if
it is not set, SECRET_KEY. Older rows can still be verified with SECRET_KEY and SECRET_KEY_FALLBACKS.
"""

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Protocol

from django.conf import settings
from django.core.signing import Signer

_SALT = "releasehub.audit.head"


class SignedPosition(Protocol):
    """A signed position in the chain.

    The purpose is part of the signed text. Without it, somebody could copy a head into the table of checkpoints.
    """

    @property
    def purpose(self) -> str: ...
    @property
    def position(self) -> int: ...
    @property
    def chain_hash(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def signature(self) -> str: ...


def sign(purpose: str, position: int, chain_hash: str, created_at: datetime) -> str:
    """Return a signature of 43 characters under the current key."""
    return Signer(key=_keys()[0], salt=_SALT).signature(_text(purpose, position, chain_hash, created_at))


def is_signed(signed_position: SignedPosition) -> bool:
    """Return whether the signature is valid under the current key or an earlier one."""
    text = _text(
        signed_position.purpose, signed_position.position, signed_position.chain_hash, signed_position.created_at
    )
    return any(
        hmac.compare_digest(Signer(key=key, salt=_SALT).signature(text), signed_position.signature) for key in _keys()
    )


def chain_keys() -> list[bytes]:
    """Return the keys that authenticate rows, the current one first. They are derived from the signing keys."""
    return [hmac.digest(key.encode(), b"releasehub.audit.chain", hashlib.sha256) for key in _keys()]


def _keys() -> list[str]:
    own = [settings.AUDIT_KEY] if settings.AUDIT_KEY else []
    return [*own, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _text(purpose: str, position: int, chain_hash: str, created_at: datetime) -> str:
    text = f"{position}|{chain_hash}|{created_at.astimezone(UTC).isoformat()}"
    return (
        f"{purpose}|{text}" if purpose else text
    )  # heads have no purpose, so that heads of earlier releases stay valid
