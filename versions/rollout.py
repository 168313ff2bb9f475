"""Staged rollouts: which clients a version is offered to while it is not offered to all of them. Pure functions.

A client stays in its share of a version when the percentage rises, and its shares of two versions are independent.
"""

from hashlib import sha256

NOBODY, EVERYONE = 0, 100
BUCKETS = 10_000


def bucket(client: str, seed: str) -> int:
    """Return the number from 0 to 9,999 that the client draws under a seed, always the same one."""
    return int.from_bytes(sha256(f"{client}:{seed}".encode()).digest()[:8]) % BUCKETS


def is_inside(client: str, seed: str, percent: int) -> bool:
    """Return whether the client is in the share of clients that the version is offered to."""
    return bucket(client, seed) * EVERYONE < percent * BUCKETS
