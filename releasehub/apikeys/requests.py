"""The credential of an API request, and the actor for it."""

from base64 import b64decode

from django.http import HttpRequest

from releasehub.accounts.models import User
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.secrets import is_well_formed
from releasehub.apikeys.tokens import SessionToken, is_token, verify_token
from releasehub.apikeys.verification import InactiveKey, verify_key
from releasehub.core.actor import Actor, Origin
from releasehub.core.errors import Denied, ErrorCode, Invalid
from releasehub.core.numbers import read_number
from releasehub.core.requests import request_details

KEY_HEADER = "XF-Api-Key"
USER_HEADER = "XF-Api-User"
SCHEMES = frozenset({"bearer", "token"})
READS = frozenset({"GET", "HEAD"})

Credential = ApiKey | SessionToken


def credential_of(request: HttpRequest) -> Credential | None:
    """Return the verified key or token of the request, or None if the request has none.

    Raises:
        Invalid: The request has two different keys.
        UnknownKey: The key or token does not exist.
        InactiveKey: It is not valid any more.
    """
    texts = key_texts(request)
    if not texts:
        return None
    if len(texts) > 1:
        raise Invalid("This request has two different keys. Send only one of them.")
    (text,) = texts
    return verify_token(text) if is_token(text) else verify_key(text, is_cacheable=request.method in READS)


def key_texts(request: HttpRequest) -> set[str]:
    """Return the different keys and tokens in the headers `XF-Api-Key` and `Authorization`.

    A server joins repeated headers with commas, which no key contains.
    """
    keys = _items(request.headers.get(KEY_HEADER, ""))
    for item in _items(request.headers.get("Authorization", "")):
        scheme, _, value = item.partition(" ")
        if scheme.lower() == "basic":
            keys |= _basic_keys(value.strip(), is_only=not keys)
        else:
            keys.add(value.strip() if scheme.lower() in SCHEMES and value.strip() else item)
    return keys


def _items(header: str) -> set[str]:
    return {item.strip() for item in header.split(",") if item.strip()}


def _basic_keys(encoded: str, *, is_only: bool) -> set[str]:
    """Return the key that HTTP Basic has as its user name or its password; the other one can be anything.

    Credentials without any key are a wrong key, unless they come beside one: they are for a proxy in front of the hub.
    """
    try:
        parts = set(b64decode(encoded, validate=True).decode().split(":", 1)) - {""}
    except ValueError:
        parts = set()
    return (
        {part for part in parts if is_well_formed(part)}
        or {part for part in parts if is_token(part)}
        or ({encoded} if is_only else set())
    )


def actor_for(request: HttpRequest, credential: Credential) -> Actor:
    """Return the actor for a key or token.

    A super-user key can act as the user whose id is in the header `XF-Api-User`. Without that header, it acts as no
    particular user.

    Raises:
        Denied: Another key or a token has a different user in `XF-Api-User`.
        InactiveKey: The user in `XF-Api-User` does not exist or is inactive.
    """
    requested_user = request.headers.get(USER_HEADER, "").strip()
    if isinstance(credential, SessionToken):
        if requested_user and requested_user != str(credential.user.pk):
            raise Denied("Only a super-user key may act as another user. Leave out the header XF-Api-User.")
        return Actor(user=credential.user, origin=Origin.API, **request_details(request))
    key = credential
    if key.is_super_user:
        user = _requested_user(requested_user) if requested_user else None
    else:
        if requested_user and requested_user != str(key.user_id):
            raise Denied("Only a super-user key may act as another user. Leave out the header XF-Api-User.")
        user = key.user
    return Actor(
        user=user,
        origin=Origin.API,
        is_super_key=key.is_super_user,
        api_key_id=key.pk,
        bound_download_ids=frozenset(key.download_ids) if key.download_ids else None,
        **request_details(request),
    )


def allows(credential: Credential, *scopes: Scope) -> bool:
    """Return whether the credential has all these scopes. A token has every scope, and a super-user key needs none."""
    if isinstance(credential, SessionToken):
        return True
    return credential.is_super_user or all(scope.value in credential.scopes for scope in scopes)


def caller_name(credential: Credential) -> str:
    """Return a name that is the same for all requests with this key, or with tokens of this user."""
    if isinstance(credential, SessionToken):
        return f"user {credential.user.pk}"
    return f"key {credential.pk}"


def actor_of_key(request: HttpRequest) -> Actor | None:
    """Return the actor for the key of a request, or None without a key, for URLs outside the APIs that accept keys.

    Raises:
        Invalid: The request has two different keys.
        UnknownKey: The key does not exist.
        InactiveKey: The key is not valid any more.
        Denied: The key lacks the scope to read downloads.
    """
    credential = credential_of(request)
    if credential is None:
        return None
    if not allows(credential, Scope.DOWNLOAD_READ):
        raise Denied(
            f"This key does not have the scope {Scope.DOWNLOAD_READ.value}. Add the scope to the "
            "key, or use another key."
        )
    return actor_for(request, credential)


def _requested_user(text: str) -> User:
    """Return the active user whose id is in the header."""
    user = User.objects.filter(pk=read_number(text) or 0, is_active=True).first()
    if user is None:
        raise InactiveKey(
            ErrorCode.NOT_ALLOWED, "XF-Api-User is not the id of an active user. Send the id of an existing user."
        )
    return user
