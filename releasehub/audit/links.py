"""Links of the hash chain: the bytes that a hash covers, the hash, and the check of the hashes of rows."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from releasehub.audit.signing import chain_keys
from releasehub.audit.triggers import FIXED_COLUMNS


class RowHash:
    """Checks the hash of a row. Rows up to `unkeyed_until` were chained by a release that had no chain key."""

    def __init__(self, unkeyed_until: int) -> None:
        self.unkeyed_until = unkeyed_until
        self.keys = chain_keys()

    def matches(self, position: int, content: bytes, chain_hash: str) -> bool:
        """Return whether the stored hash belongs to this content, under the current key or an earlier one."""
        if position <= self.unkeyed_until:
            return hashlib.sha256(content).hexdigest() == chain_hash
        for key in self.keys:
            if hmac.compare_digest(keyed_hash(key, content), chain_hash):
                # Consecutive rows usually have the same key, so try this one first for the next row.
                self.keys = [key, *(other for other in self.keys if other != key)]
                return True
        return False


# The columns that are hashed as they are. Instead of the IP address, its digest is hashed, so that the address can be
# cleared later without breaking the chain.
PROTECTED = FIXED_COLUMNS


class Link(NamedTuple):
    """A position in the chain and the hash there. Positions start at 1 and have no gaps."""

    position: int
    chain_hash: str


GENESIS = Link(0, "0" * 64)


class NewLink(NamedTuple):
    """The values that the chainer writes to one row."""

    position: int
    chain_hash: str
    address_digest: str
    address_salt: str
    entry_id: int


def link_content(previous: str, position: int, protected: Sequence[Any], address_digest: str) -> bytes:
    """Return the bytes that the hash of a row covers: the previous hash, and the row as canonical JSON.

    Args:
        protected: The values of the row in the order of PROTECTED.
        address_digest: The digest of the row's IP address.
    """
    content = dict(zip(PROTECTED, protected, strict=True))
    content["position"], content["address_digest"] = position, address_digest
    return previous.encode() + b"\n" + canonical(content)


def keyed_hash(key: bytes, content: bytes) -> str:
    """Return the HMAC-SHA256 in hex. The key is not in the database, so access to the database does not suffice."""
    return hmac.digest(key, content, hashlib.sha256).hex()


def canonical(content: dict[str, Any]) -> bytes:
    """Return JSON with sorted keys and without spaces."""
    try:
        return orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # only the slower encoder accepts integers over 64 bits and lone surrogates
        return json.dumps(content, sort_keys=True, separators=(",", ":"), default=_plain).encode()


def address_digest_of(address: str | None, salt: str) -> str:
    """Return the SHA-256 in hex over a random salt and the IP address, or an empty string if there is no address.

    The salt is erased together with the address. Otherwise the address could be found again by trying all addresses.
    """
    return hashlib.sha256(f"{salt}|{address}".encode()).hexdigest() if address is not None else ""


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"An audit row cannot contain a value of type {type(value).__name__}.")
