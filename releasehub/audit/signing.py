"""Signatures over places in the chain, by the hub's secret key: who can only write to the database cannot make them."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from typing import Protocol

from django.conf import settings
from django.core.signing import Signer

_SALT = "releasehub.audit.head"


class SignedPlace(Protocol):
    """A row that holds a place in the chain."""

    @property
    def position(self) -> int: ...
    @property
    def chain_hash(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def signature(self) -> str: ...


def sign(position: int, chain_hash: str, created_at: datetime) -> str:
    """43 characters over the three values."""
    return Signer(salt=_SALT).signature(_text(position, chain_hash, created_at))


def is_signed(place: SignedPlace) -> bool:
    """Whether the signature fits, by the present secret key or by one of SECRET_KEY_FALLBACKS."""
    text = _text(place.position, place.chain_hash, place.created_at)
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return any(hmac.compare_digest(Signer(key=key, salt=_SALT).signature(text), place.signature) for key in keys)


def _text(position: int, chain_hash: str, created_at: datetime) -> str:
    return f"{position}|{chain_hash}|{created_at.astimezone(UTC).isoformat()}"
