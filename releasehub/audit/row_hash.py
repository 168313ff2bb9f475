"""Check the hashes of rows in the chain."""

import hashlib
import hmac

from releasehub.audit.links import keyed_hash
from releasehub.audit.signing import chain_keys


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
