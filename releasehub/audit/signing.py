"""The keys of the audit log, which never enter the database: a user of the database alone can forge nothing.

Chained rows are authenticated with them (HMAC), and places in the chain are signed. The key is RELEASEHUB_AUDIT_KEY,
or SECRET_KEY without one. SECRET_KEY and SECRET_KEY_FALLBACKS still verify what they once protected.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from typing import Protocol

from django.conf import settings
from django.core.signing import Signer

_SALT = "releasehub.audit.head"


class SignedPlace(Protocol):
    """A place in the chain with its signature. `purpose` keeps one kind of place from standing in for another."""

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
    """Return a signature of 43 characters."""
    return Signer(key=_keys()[0], salt=_SALT).signature(_text(purpose, position, chain_hash, created_at))


def is_signed(place: SignedPlace) -> bool:
    """Return whether the signature fits, under the present key or an earlier one."""
    text = _text(place.purpose, place.position, place.chain_hash, place.created_at)
    return any(hmac.compare_digest(Signer(key=key, salt=_SALT).signature(text), place.signature) for key in _keys())


def chain_keys() -> list[bytes]:
    """Return the keys that authenticate rows, the present one first; never the signing keys themselves."""
    return [hmac.digest(key.encode(), b"releasehub.audit.chain", hashlib.sha256) for key in _keys()]


def _keys() -> list[str]:
    own = [settings.AUDIT_KEY] if settings.AUDIT_KEY else []
    return [*own, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]


def _text(purpose: str, position: int, chain_hash: str, created_at: datetime) -> str:
    text = f"{position}|{chain_hash}|{created_at.astimezone(UTC).isoformat()}"
    return f"{purpose}|{text}" if purpose else text  # heads have none: those of earlier releases stay valid
