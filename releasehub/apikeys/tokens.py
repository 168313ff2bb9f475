"""JSON Web Tokens. A user gets one for a password. It is valid for an hour and has every scope."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import ClassVar

import jwt
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
    claims = {"sub": str(user.pk), "iat": now, "exp": now + TOKEN_LIFETIME, "pwd": _password_mark(user)}
    return jwt.encode(claims, _signing_key(), algorithm=_ALGORITHM)


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
        claims = jwt.decode(
            text,
            _signing_key(),
            algorithms=[_ALGORITHM],
            leeway=CLOCK_LEEWAY,
            options={"require": ["sub", "exp", "pwd"]},
        )
    except jwt.ExpiredSignatureError:
        raise UnknownKey(ErrorCode.NOT_FOUND, "This token has expired. Sign in again.") from None
    except jwt.InvalidTokenError:
        raise UnknownKey(ErrorCode.NOT_FOUND, "The token in this request is invalid. Sign in again.") from None
    user = only_row(User.objects.filter(pk=claims["sub"], is_active=True))
    if user is None or not constant_time_compare(claims["pwd"], _password_mark(user)):
        raise InactiveKey(ErrorCode.NOT_ALLOWED, "This token is no longer valid. Sign in again.")
    return SessionToken(user)


def _signing_key() -> str:
    return salted_hmac("releasehub.apikeys.tokens", "signing key", algorithm="sha256").hexdigest()


def _password_mark(user: User) -> str:
    """Return a digest that changes with the password and reveals nothing about it."""
    return sha256(user.get_session_auth_hash().encode()).hexdigest()[:32]
