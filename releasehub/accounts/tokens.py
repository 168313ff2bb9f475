"""The random tokens in links to invitations and in one-time links. Only their digests are stored."""

import hashlib
import secrets

TOKEN_BYTES = 32


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> str:
    """Return what is stored of a token. A token is random, so a plain hash cannot be reversed."""
    return hashlib.sha256(token.encode()).hexdigest()
