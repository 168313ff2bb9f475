"""`/api/whoami`: the permissions of a key."""

from __future__ import annotations

import pytest

from releasehub.apikeys.tokens import issue_token
from tests.api.described import check
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_user

pytestmark = pytest.mark.django_db
URL = "/api/whoami"


def test_whoami_shows_name_scopes_and_downloads_of_a_bound_key() -> None:
    download = make_download(title="Aurora")
    secret = make_key(download.owner, scopes=["mc_dm_download:read"], download_ids=[download.pk])
    answer = ApiClient(secret).get(URL)
    check(URL, "get", answer)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["user"] == {"user_id": download.owner_id, "username": download.owner.get_username()}
    assert answer.json()["key"] == {
        "name": "test key",
        "prefix": secret[: len(answer.json()["key"]["prefix"])],
        "scopes": ["mc_dm_download:read"],
        "is_super_user": False,
        "is_bound": True,
        "downloads": [{"download_id": download.pk, "slug": "aurora", "title": "Aurora"}],
        "expires_at": None,
    }


def test_whoami_works_without_scopes() -> None:
    answer = ApiClient(make_key(make_user(), scopes=[])).get(URL)
    assert (answer.status_code, answer.json()["key"]["is_bound"]) == (200, False)


def test_whoami_of_a_super_user_key_has_no_user() -> None:
    answer = ApiClient(make_key(is_super_user=True)).get(URL)
    check(URL, "get", answer)
    assert (answer.json()["user"], answer.json()["key"]["is_super_user"]) == (None, True)


def test_whoami_of_a_sign_in_token_has_no_key() -> None:
    user = make_user()
    answer = ApiClient(issue_token(user)).get(URL)
    assert (answer.json()["user"]["user_id"], answer.json()["key"]) == (user.pk, None)


@pytest.mark.parametrize("key", ["", "rh_unknown"])
def test_a_request_without_a_valid_key_is_401(key: str) -> None:
    assert ApiClient(key).get(URL).status_code == 401
