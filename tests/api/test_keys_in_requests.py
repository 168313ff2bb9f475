"""A key is read in each form in which clients send one, and every operation of the schema accepts it."""

from __future__ import annotations

from base64 import b64encode

import pytest
from django.test import RequestFactory
from django.utils import timezone

from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.requests import key_texts
from tests.api.calling import Caller, callers, chosen
from tests.api.described import operations
from tests.factories import make_key, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
NO_KEY = {
    ("post", "/v3/accounts/login"),
    ("post", "/api/graphql"),  # only reads, so that it answers without a key
    ("post", "/version_file/{hash}/update"),
    ("post", "/version_files"),
}
WRITES = [(verb, path) for verb, path in operations() if verb != "get" and (verb, path) not in NO_KEY]


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


def forms_of(key: str) -> list[dict[str, str]]:
    return [
        {"XF-Api-Key": key},
        {"Authorization": key},
        {"Authorization": f"Bearer {key}"},
        {"Authorization": f"token {key}"},
        {"Authorization": f"TOKEN  {key}"},
        basic(key, ""),
        basic(key, "x-oauth-basic"),
        basic("", key),
        basic("x-access-token", key),
        {"XF-Api-Key": key, "Authorization": f"Bearer {key}"},
        {"XF-Api-Key": key} | basic("proxy", "a password for the proxy"),
    ]


def test_a_key_is_read_in_every_form() -> None:
    key = make_key()
    for form in forms_of(key):
        assert key_texts(RequestFactory().get("/", headers=form)) == {key}, form


def test_two_keys_are_read_in_every_form() -> None:
    key = make_key()
    for form in pairs_of(key, make_key()):
        assert len(key_texts(RequestFactory().get("/", headers=form))) == 2, form


def test_every_operation_accepts_a_key_and_refuses_everything_else() -> None:
    """Each operation gets a request with a key, one without and one with a wrong key; their forms change."""
    accepted = 0
    for turn, caller in enumerate(callers(WRITES)):
        key = make_key(caller.owner)
        plain, *others = forms_of(key)
        status = caller.send(plain).status_code
        assert caller.send(chosen(others, turn)).status_code == status, caller
        accepted += status not in {401, 403}
        check_refusals(caller, key, turn)
    assert accepted > len(WRITES) / 2


def check_refusals(caller: Caller, key: str, turn: int) -> None:
    no_key = caller.send({})
    if is_mc_dm(caller):
        assert (no_key.status_code, no_key.json()["errors"][0]["code"]) == (400, "no_api_key_in_request"), caller
    else:
        assert (no_key.status_code, no_key["WWW-Authenticate"]) == (401, "Bearer"), caller
    check = chosen([check_unknown_key, check_two_keys, check_revoked_key], turn)
    check(caller, key, turn // 3)


def is_mc_dm(caller: Caller) -> bool:
    return caller.url.startswith("/api/mc-dm-")


def check_unknown_key(caller: Caller, key: str, turn: int) -> None:
    unknown = caller.send(chosen(forms_of("rh_unknown"), turn))
    assert (unknown.status_code, unknown["WWW-Authenticate"]) == (401, "Bearer"), caller


def check_two_keys(caller: Caller, key: str, turn: int) -> None:
    two_keys = caller.send(chosen(pairs_of(key, make_key(make_user())), turn))
    assert (two_keys.status_code, "two different keys" in two_keys.content.decode()) == (400, True), caller


def check_revoked_key(caller: Caller, key: str, turn: int) -> None:
    ApiKey.objects.filter(user=caller.owner).update(revoked_at=timezone.now())
    revoked = caller.send(chosen(forms_of(key), turn))
    if is_mc_dm(caller):
        assert (revoked.status_code, revoked.json()["errors"][0]["code"]) == (403, "api_key_inactive"), caller
    else:
        assert (revoked.status_code, revoked["WWW-Authenticate"]) == (401, "Bearer"), caller


def pairs_of(one: str, other: str) -> list[dict[str, str]]:
    """Return headers with two different keys."""
    return [
        {"XF-Api-Key": one, "Authorization": f"Bearer {other}"},
        {"XF-Api-Key": f"{one}, {other}"},
        {"XF-Api-Key": one, "Authorization": "rh_unknown"},
        {"XF-Api-Key": one} | basic("ci", other),
        {"Authorization": f"Bearer {one}, Bearer {other}"},
        basic(one, other),
    ]
