"""The API key of a request, and the actor it makes."""

from django.http import HttpRequest

from releasehub.accounts.models import User
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.services import InactiveKey, verify_key
from releasehub.apikeys.tokens import SessionToken, is_token, verify_token
from releasehub.core.actor import Actor, Origin
from releasehub.core.errors import Denied, ErrorCode
from releasehub.core.numbers import read_number
from releasehub.core.requests import request_details

KEY_HEADER = "XF-Api-Key"
USER_HEADER = "XF-Api-User"

Credential = ApiKey | SessionToken


def key_text(request: HttpRequest) -> str:
    """The key as sent: `XF-Api-Key: …`, `Authorization: Bearer …` or `Authorization: …`; empty when none is."""
    if given := request.headers.get(KEY_HEADER, "").strip():
        return given
    authorization = request.headers.get("Authorization", "").strip()
    scheme, _, value = authorization.partition(" ")
    return value.strip() if scheme.lower() == "bearer" else authorization


def credential_of(request: HttpRequest) -> Credential | None:
    """None when the request names nobody.  Errors: UnknownKey, InactiveKey."""
    text = key_text(request)
    if not text:
        return None
    return verify_token(text) if is_token(text) else verify_key(text)


def actor_for(request: HttpRequest, credential: Credential) -> Actor:
    """Who acts with this key or token.

    A super-user key acts for nobody in particular, or for the user named in `XF-Api-User`.
    Errors: Denied when another key names a user; InactiveKey when that user cannot act.
    """
    named = request.headers.get(USER_HEADER, "").strip()
    if isinstance(credential, SessionToken):
        if named and named != str(credential.user.pk):
            raise Denied("Only a super-user key may act as another user.")
        return Actor(user=credential.user, origin=Origin.API, **request_details(request))
    key = credential
    if key.is_super_user:
        user = _named_user(named) if named else None
    else:
        if named and named != str(key.user_id):
            raise Denied("Only a super-user key may act as another user.")
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
    """Whether it has all these scopes; a token has every scope, super-user keys need none."""
    if isinstance(credential, SessionToken):
        return True
    return credential.is_super_user or all(scope.value in credential.scopes for scope in scopes)


def caller_name(credential: Credential) -> str:
    """The same for all requests of one caller, and of no other."""
    if isinstance(credential, SessionToken):
        return f"user {credential.user.pk}"
    return f"key {credential.pk}"


def actor_of_key(request: HttpRequest) -> Actor | None:
    """For addresses outside the API that also take a key: needs the scope to read downloads.

    Errors: UnknownKey, InactiveKey, Denied.
    """
    credential = credential_of(request)
    if credential is None:
        return None
    if not allows(credential, Scope.DOWNLOAD_READ):
        raise Denied(f"This key lacks the scope {Scope.DOWNLOAD_READ.value}.")
    return actor_for(request, credential)


def _named_user(text: str) -> User:
    user = User.objects.filter(pk=read_number(text) or 0, is_active=True).first()
    if user is None:
        raise InactiveKey(ErrorCode.NOT_ALLOWED, "XF-Api-User names no active user.")
    return user
