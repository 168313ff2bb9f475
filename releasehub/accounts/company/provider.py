"""The requests to the provider: its configuration, its keys, and a code exchanged for the claims about a user.

All of them go through the outbound client, which connects to public networks and those that the operator has allowed.
"""

from typing import Any
from urllib.parse import urlencode

import jwt
import orjson
from django.conf import settings
from django.core.cache import cache

from releasehub.outbound import client
from releasehub.outbound.failures import Refused, Unreachable

ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
CONFIGURATION_SECONDS = 3600
KEYS_SECONDS = 300
FAILURE_SECONDS = 5
MAX_ANSWER_BYTES = 256 * 1024
TIMEOUT_SECONDS = 10
CLOCK_LEEWAY_SECONDS = 30
MAX_CLAIM_CHARACTERS = {"sub": 255, "email": 254}


class ProviderError(Exception):
    """The provider cannot be reached, or what it sent cannot be trusted. The message is for the log."""


def configuration() -> dict[str, Any]:
    """Return the document in which the provider describes itself.

    Raises:
        ProviderError: The document cannot be read, or it describes another issuer.
    """
    found = _cached(f"{settings.OIDC_ISSUER}/.well-known/openid-configuration", CONFIGURATION_SECONDS)
    if str(found.get("issuer", "")).rstrip("/") != settings.OIDC_ISSUER:
        raise ProviderError(f"The provider calls itself {found.get('issuer')!r} instead of {settings.OIDC_ISSUER!r}.")
    return found


def claims_for(code: str, *, redirect_uri: str, verifier: str, nonce: str) -> dict[str, Any]:
    """Exchange the code for an id token, and return its verified claims.

    Raises:
        ProviderError: The provider refuses the code, the token is not valid, or a claim cannot be stored.
    """
    described = configuration()
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "client_id": settings.OIDC_CLIENT_ID,
        "client_secret": settings.OIDC_CLIENT_SECRET,
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    tokens = _request("POST", _endpoint(described, "token_endpoint"), headers, urlencode(form).encode())
    claims = verified_claims(str(tokens.get("id_token", "")), described)
    if not nonce or claims.get("nonce") != nonce:
        raise ProviderError("The id token was made for another sign-in.")
    claims |= _user_info(described, tokens, claims)
    # They say who somebody is, so they are not shortened or cleaned like names: two people could become one.
    for name, max_characters in MAX_CLAIM_CHARACTERS.items():
        text = str(claims.get(name) or "").strip()
        if len(text) > max_characters or not text.isprintable():
            raise ProviderError(f"The claim {name} is too long, or it contains characters that cannot be stored.")
    return claims


def verified_claims(id_token: str, described: dict[str, Any]) -> dict[str, Any]:
    """Return the claims of an id token whose signature, issuer, audience and times are right.

    Raises:
        ProviderError: One of them is wrong.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            id_token,
            _key_of(id_token, described),
            algorithms=ALGORITHMS,
            audience=settings.OIDC_CLIENT_ID,
            issuer=described["issuer"],
            leeway=CLOCK_LEEWAY_SECONDS,
            options={"require": ["exp", "iat", "sub"]},
        )
    except (jwt.PyJWTError, NotImplementedError) as error:  # the second one for a key whose algorithm is `none`
        raise ProviderError(f"The id token is invalid: {error!r}") from None
    if isinstance(claims["aud"], list) and len(claims["aud"]) > 1 and claims.get("azp") != settings.OIDC_CLIENT_ID:
        raise ProviderError("The id token was issued to another client.")
    return claims


def _key_of(id_token: str, described: dict[str, Any]) -> jwt.PyJWK:
    """Return the key that signed the token. Unknown keys are looked up once more, because providers rotate them."""
    key_id = jwt.get_unverified_header(id_token).get("kid")  # raises PyJWTError if the token is malformed
    url = _endpoint(described, "jwks_uri")
    for seconds in (KEYS_SECONDS, 0):
        published = jwt.PyJWKSet.from_dict(_cached(url, seconds)).keys
        keys = [key for key in published if key.public_key_use in {None, "sig"}]
        found = [key for key in keys if key.key_id == key_id] or (keys if key_id is None and len(keys) == 1 else [])
        if found:
            return found[0]
    raise ProviderError("The id token was signed with a key that the provider does not publish.")


def _user_info(described: dict[str, Any], tokens: dict[str, Any], claims: dict[str, Any]) -> dict[str, Any]:
    """Return further claims about the same user, if the id token lacks the address or the groups."""
    if not described.get("userinfo_endpoint") or {"email", "groups"} <= claims.keys():
        return {}
    headers = {"Authorization": f"Bearer {tokens.get('access_token', '')}", "Accept": "application/json"}
    info = _request("GET", _endpoint(described, "userinfo_endpoint"), headers)
    if info.get("sub") != claims["sub"]:
        raise ProviderError("The provider answered about another user.")
    return {name: value for name, value in info.items() if name not in claims}


def _endpoint(described: dict[str, Any], name: str) -> str:
    return str(described.get(name) or "")


def _cached(url: str, seconds: int) -> dict[str, Any]:
    """Return a document of the provider, which is cached for so long. With 0, it is fetched and cached anew.

    A failure is remembered, too: while the provider does not respond, visitors must not keep all threads waiting.
    """
    key = f"oidc:{url}"
    found: dict[str, Any] | None = cache.get(key) if seconds else None
    if found is None:
        if cache.get(f"{key}:failed"):
            raise ProviderError(f"{url} could not be read a moment ago.")
        try:
            found = _request("GET", url, {"Accept": "application/json"})
        except ProviderError:
            cache.set(f"{key}:failed", True, FAILURE_SECONDS)
            raise
        cache.set(key, found, seconds or KEYS_SECONDS)
    return found


def _request(method: str, url: str, headers: dict[str, str], body: bytes = b"") -> dict[str, Any]:
    try:
        response = client.send(
            method, url, headers=headers, body=body, read_limit=MAX_ANSWER_BYTES, total_seconds=TIMEOUT_SECONDS
        )
        answer = orjson.loads(response.body)
    except (Refused, Unreachable, ValueError) as error:
        raise ProviderError(f"{url} cannot be read: {error}") from None
    if response.status != 200 or not isinstance(answer, dict):
        raise ProviderError(f"{url} answered {response.status}.")
    return answer
