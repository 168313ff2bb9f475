"""JSON Web Tokens: what a person gets for a password, for an hour, with every scope."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import ClassVar

import jwt
from django.utils.crypto import constant_time_compare, salted_hmac

from releasehub.accounts.models import User
from releasehub.apikeys.services import InactiveKey, UnknownKey
from releasehub.core.errors import ErrorCode

LIFETIME = timedelta(hours=1)
LEEWAY = timedelta(seconds=30)
_ALGORITHM = "HS256"


@dataclass(frozen=True)
class SessionToken:
    """What an API key is to a script. It cannot widen what its user may do."""

    user: User
    is_super_user: ClassVar[bool] = False


def issue_token(user: User) -> str:
    """Ends with a change of the password, with the user, or after an hour."""
    now = datetime.now(UTC)
    claims = {"sub": str(user.pk), "iat": now, "exp": now + LIFETIME, "pwd": _password_mark(user)}
    return jwt.encode(claims, _signing_key(), algorithm=_ALGORITHM)


def is_token(text: str) -> bool:
    """By its form alone: three parts with dots between them."""
    return text.count(".") == 2


def verify_token(text: str) -> SessionToken:
    """One query, none for a forged or expired one.

    Errors: UnknownKey; InactiveKey when the user may no longer sign in, or has another password.
    """
    try:
        claims = jwt.decode(
            text, _signing_key(), algorithms=[_ALGORITHM], leeway=LEEWAY, options={"require": ["sub", "exp", "pwd"]}
        )
    except jwt.ExpiredSignatureError:
        raise UnknownKey(ErrorCode.NOT_FOUND, "This token has expired. Sign in again.") from None
    except jwt.InvalidTokenError:
        raise UnknownKey(ErrorCode.NOT_FOUND, "The token in this request is not valid.") from None
    user = User.objects.filter(pk=claims["sub"], is_active=True).first()
    if user is None or not constant_time_compare(claims["pwd"], _password_mark(user)):
        raise InactiveKey(ErrorCode.NOT_ALLOWED, "This token is no longer valid. Sign in again.")
    return SessionToken(user)


def _signing_key() -> str:
    return salted_hmac("releasehub.apikeys.tokens", "signing key", algorithm="sha256").hexdigest()


def _password_mark(user: User) -> str:
    """Changes with the password and tells nothing about it."""
    return sha256(user.get_session_auth_hash().encode()).hexdigest()[:32]
