"""JSON Web Tokens. A user gets one for a password. It is valid for an hour and has every scope."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, ClassVar

import jwt
from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

from releasehub.accounts.models import User
from releasehub.apikeys.verification import InactiveKey, UnknownKey
from releasehub.core.errors import ErrorCode
from releasehub.core.querysets import only_row

TOKEN_LIFETIME = timedelta(hours=1)
CLOCK_LEEWAY = timedelta(seconds=30)
_ALGORITHM = "HS256"


@dataclass(frozen=True)
class SessionToken:
    """A verified token. Like an API key, it never has more rights than its user."""

    user: User
    is_super_user: ClassVar[bool] = False


def issue_token(user: User) -> str:
    """Return a new token, valid for an hour unless the user changes the password or is deactivated."""
    now = datetime.now(UTC)
    claims = {"sub": str(user.pk), "iat": now, "exp": now + TOKEN_LIFETIME, "pwd": _password_marks(user)[0]}
    return jwt.encode(claims, _signing_keys()[0], algorithm=_ALGORITHM)


def is_token(text: str) -> bool:
    """Return whether the text has the format of a token, which is three parts separated by dots."""
    return text.count(".") == 2


def verify_token(text: str) -> SessionToken:
    """Return the verified token. This takes one query, or none for a forged or expired token.

    Raises:
        UnknownKey: The token is forged or has expired.
        InactiveKey: The user was deactivated or has changed the password.
    """
    try:
        claims = _verified_claims(text)
    except jwt.ExpiredSignatureError:
        raise UnknownKey(ErrorCode.NOT_FOUND, "This token has expired. Sign in again.") from None
    except jwt.InvalidTokenError:
        raise UnknownKey(ErrorCode.NOT_FOUND, "The token in this request is invalid. Sign in again.") from None
    user = only_row(User.objects.filter(pk=claims["sub"], is_active=True))
    if user is None or not any(constant_time_compare(claims["pwd"], mark) for mark in _password_marks(user)):
        raise InactiveKey(ErrorCode.NOT_ALLOWED, "This token is no longer valid. Sign in again.")
    return SessionToken(user)


def _verified_claims(text: str) -> dict[str, Any]:
    """Return the claims of a token that is signed with the current SECRET_KEY, or with an earlier one.

    Raises:
        jwt.InvalidTokenError: The token is forged or has expired.
    """
    for key in _signing_keys():
        with suppress(jwt.InvalidSignatureError):
            return jwt.decode(
                text,
                key,
                algorithms=[_ALGORITHM],
                leeway=CLOCK_LEEWAY,
                options={"require": ["sub", "exp", "pwd"]},
            )
    raise jwt.InvalidSignatureError


def _signing_keys() -> list[str]:
    """Return the keys, the current one first."""
    salt, secrets = "releasehub.apikeys.tokens", [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [salted_hmac(salt, "signing key", secret=secret, algorithm="sha256").hexdigest() for secret in secrets]


def _password_marks(user: User) -> list[str]:
    """Return a digest that changes with the password and reveals nothing about it: one for each key."""
    digests = [user.get_session_auth_hash(), *user.get_session_auth_fallback_hash()]
    return [sha256(digest.encode()).hexdigest()[:32] for digest in digests]
