"""Signing in, personal access tokens, the releases of a user, the status and the rate limit."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.utils import timezone

from files.storage import LocalStorage
from releasehub.accounts import throttle
from releasehub.accounts.models import Membership
from releasehub.api.models import IdempotentAnswer
from releasehub.apikeys.models import ApiKey
from releasehub.audit.models import AuditEntry
from tests.api.v3.shop import Shop, signed_in
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_organization, make_user, make_version

PASSWORD = "secret-pass-1"


def login(name: str, password: str = PASSWORD, **more: Any) -> Any:
    return ApiClient().send("post", "/v3/accounts/login", {"email": name, "password": password} | more)


@pytest.mark.parametrize("name", ["ann", "ann@example.org", "ANN@example.org"])
def test_sign_in_by_name_or_address(shop: Shop, name: str) -> None:
    answer = login(name, accountAlias="acme")
    assert (answer.status_code, answer.json().keys()) == (200, {"accessToken"})
    client = ApiClient()
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {answer.json()['accessToken']}"
    assert client.get("/v3/releases").status_code == 200


@pytest.mark.embedded
@pytest.mark.parametrize(("name", "password"), [("ann", "wrong"), ("nobody@example.org", PASSWORD), ("ANN", PASSWORD)])
def test_failures_look_the_same_and_are_recorded(shop: Shop, name: str, password: str) -> None:
    answer = login(name, password)
    assert answer.status_code == 401
    expected = {"message": "The e-mail address or the password is wrong.", "code": "AUTHENTICATION_FAILED"}
    assert answer.json() == expected
    assert AuditEntry.objects.get(action="sign_in.failed").target_label == name


@pytest.mark.embedded
@pytest.mark.parametrize("name", ["ann", "nobody@example.org"])
def test_unknown_names_cost_a_hash_as_well(shop: Shop, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed = []
    encode = MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda self, *a: hashed.append(1) or encode(self, *a))
    login(name, "wrong")
    assert len(hashed) == 1


def test_shared_email_address_cannot_sign_in(shop: Shop) -> None:
    make_user("bob", email="Ann@example.org")
    assert login("ann@example.org").status_code == 401
    assert login("ann").status_code == 200


def test_password_guessing_is_429_with_retry_after(shop: Shop, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SIGN_IN_ATTEMPTS = 2
    moment = timezone.now()
    monkeypatch.setattr(throttle, "timezone", SimpleNamespace(now=lambda: moment))
    assert [login("ann@example.org", "wrong").status_code for _ in range(3)] == [401, 401, 429]
    answer = login("ann")
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "THROTTLED", "901")


@pytest.mark.embedded
def test_inactive_users_cannot_sign_in(shop: Shop) -> None:
    make_user("gone", is_active=False)
    assert login("gone").status_code == 401


@pytest.mark.embedded
@pytest.mark.parametrize(
    "body", [{}, {"email": "ann"}, {"email": [], "password": 1}, {"email": "\x00", "password": "x"}]
)
def test_unreadable_sign_ins_are_refused(shop: Shop, body: dict[str, Any]) -> None:
    assert ApiClient().send("post", "/v3/accounts/login", body).status_code == 400


@pytest.mark.embedded
def test_sign_in_response_is_not_cached(shop: Shop) -> None:
    body = {"email": "ann", "password": PASSWORD}
    answer = ApiClient().send("post", "/v3/accounts/login", body, headers={"Idempotency-Key": "one"})
    assert (answer.status_code, IdempotentAnswer.objects.count()) == (200, 0)


TOKENS = "/v3/personal-access-tokens"


def create(shop: Shop, **fields: Any) -> Any:
    return shop.client.send("post", TOKENS, {"name": "ci", "scopes": ["release:read"]} | fields)


@pytest.mark.embedded
def test_secret_is_returned_by_its_creation_only(shop: Shop) -> None:
    answer = create(shop)
    made = answer.json()
    assert (answer.status_code, answer["Cache-Control"]) == (201, "no-store")
    assert made.keys() == {"id", "createdAt", "updatedAt", "name", "expiresAt", "revoked", "scopes", "token"}
    client = ApiClient()
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {made['token']}"
    assert client.get("/v3/releases").status_code == 200
    assert client.send("post", "/v3/releases", {}).status_code == 403
    shown = shop.get(f"{TOKENS}/{made['id']}").json()
    assert shown == {name: value for name, value in made.items() if name != "token"}
    assert [row["id"] for row in shop.get(TOKENS).json()] == [made["id"]]


@pytest.mark.embedded
def test_expiry_is_stored(shop: Shop) -> None:
    moment = (timezone.now() + timedelta(days=1)).replace(microsecond=0)
    made = create(shop, expiresAt=moment.isoformat()).json()
    assert made["expiresAt"] == moment.isoformat().replace("+00:00", "Z")
    assert create(shop).json()["expiresAt"] is None
    assert create(shop, expiresAt="").json()["expiresAt"] is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("scopes", [5]), ("scopes", "x"), ("name", ""), ("expiresAt", "2001-01-01"), ("name", "n" * 101)],
)
def test_invalid_tokens_are_rejected(shop: Shop, field: str, value: Any) -> None:
    assert create(shop, **{field: value}).status_code == 400
    assert not ApiKey.objects.exists()


@pytest.mark.embedded
def test_unknown_scopes_are_returned_but_allow_nothing(shop: Shop) -> None:
    made = create(shop, scopes=["license:read", "release:read"]).json()
    assert made["scopes"] == ["license:read", "release:read"]
    assert ApiKey.objects.get().scopes == ["release:read"]
    path = f"{TOKENS}/{made['id']}"
    changed = shop.client.send("patch", path, {"scopes": ["license:read"]}).json()
    assert changed["scopes"] == ["license:read"]
    # As after an upgrade of the hub to a release that knows the name.
    ApiKey.objects.update(foreign_scopes=["release:read"])
    assert ApiClient(made["token"]).get("/v3/releases").status_code == 403
    assert create(shop, scopes=["x" * 99 + str(n) for n in range(100)]).status_code == 400


def test_change_and_revoke(shop: Shop) -> None:
    made = create(shop).json()
    path = f"{TOKENS}/{made['id']}"
    changed = shop.client.send("patch", path, {"name": "new", "scopes": ["product:read"]}).json()
    assert (changed["name"], changed["scopes"], changed["revoked"]) == ("new", ["product:read"], False)
    assert shop.client.send("patch", path, {"revoked": True}).json()["revoked"] is True
    assert ApiClient(made["token"]).get("/v3/products").status_code == 401
    answer = shop.client.send("patch", path, {"revoked": False})
    assert (answer.status_code, answer.json()["code"]) == (409, "KEY_REVOKED")
    assert shop.client.send("patch", path, {"name": "again"}).status_code == 409


def test_delete(shop: Shop) -> None:
    made = create(shop).json()
    assert shop.client.send("delete", f"{TOKENS}/{made['id']}").status_code == 204
    assert shop.get(f"{TOKENS}/{made['id']}").status_code == 404
    assert ApiClient(made["token"]).get("/v3/releases").status_code == 401
    assert AuditEntry.objects.filter(action="api_key.revoke").count() == 1


@pytest.mark.embedded
@pytest.mark.parametrize("is_super_user", [False, True])
def test_api_keys_cannot_manage_tokens(shop: Shop, is_super_user: bool) -> None:
    shop.owner.is_superuser = is_super_user
    shop.owner.save()
    key = ApiClient(make_key(shop.owner, is_super_user=is_super_user))
    path = f"{TOKENS}/{ApiKey.objects.get().pk}"
    answers = [key.get(TOKENS), key.get(path), key.send("delete", path), key.send("patch", path, {"name": "x"})]
    answers.append(key.send("post", TOKENS, {"name": "more", "scopes": []}))
    assert [answer.status_code for answer in answers] == [403] * 5
    assert ApiKey.objects.count() == 1


@pytest.mark.embedded
def test_tokens_of_other_users_are_404_for_everyone(shop: Shop) -> None:
    made = create(shop).json()
    for user in (make_user(), make_user(is_superuser=True, is_staff=True)):
        other = signed_in(user)
        assert other.get(TOKENS).json() == []
        assert other.send("delete", f"{TOKENS}/{made['id']}").status_code == 404


@pytest.mark.parametrize("number", ["0", "nothing", "9" * 30, "-1"])
def test_invalid_token_ids_are_404(shop: Shop, number: str) -> None:
    assert shop.get(f"{TOKENS}/{number}").status_code == 404


def test_my_releases_lists_downloadable_releases(shop: Shop) -> None:
    shop.published(version="1.0")
    shop.release(version="2.0")
    hidden = shop.published(version="3.0")
    shop.client.send("patch", f"/v3/releases/{hidden['id']}", {"private": True})
    shop.act(shop.published(version="4.0"), "archive")
    make_version(make_download(visibility="private"), "5.0", files=1)
    for client in (shop.client, signed_in(make_user())):
        answer = client.get("/v3/me/releases")
        assert [row["version"] for row in answer.json()] == ["1.0"]
        assert answer["Pagination-Count"] == "1"
        assert answer.json()[0]["product"]["displayName"] == shop.product.title


def test_my_releases_take_page_limit_and_sort(shop: Shop) -> None:
    for number in ("1.0", "3.0", "2.0"):
        shop.published(version=number)
    found = shop.get("/v3/me/releases", sort="-version", limit=2, page=1, published="junk").json()
    assert [row["version"] for row in found] == ["3.0", "2.0"]


def test_status_needs_no_token(db: None) -> None:
    answer = ApiClient().get("/v3/status")
    assert (answer.status_code, answer.json()["status"]) == (200, "up")


def test_status_reports_unavailable_storage(db: None, monkeypatch: pytest.MonkeyPatch, local_storage: Any) -> None:
    monkeypatch.setattr(LocalStorage, "is_reachable", lambda self: False)
    answer = ApiClient().get("/v3/status")
    assert (answer.status_code, answer.json()["status"], answer.json()["checks"]["storage"]) == (503, "down", False)


def test_burst_limit_per_address_is_shown_in_headers(db: None, settings: Any, monkeypatch: Any) -> None:
    settings.V3_BURST = 2
    monkeypatch.setattr("releasehub.core.rates.time.time", lambda: 1_700_000_001.0)
    first, second, third = (ApiClient().get("/v3/status") for _ in range(3))
    assert [answer["X-Rate-Limit-Remaining"] for answer in (first, second, third)] == ["1", "0", "0"]
    assert (first["X-Rate-Limit-Limit"], first["X-Rate-Limit-Reset"]) == ("5s", "2023-11-14T22:13:25Z")
    assert (third.status_code, third.json()["code"], third["Retry-After"]) == (429, "THROTTLED", "5")


def test_wrong_tokens_count_as_well(db: None, settings: Any, monkeypatch: Any) -> None:
    settings.V3_BURST = 2
    monkeypatch.setattr("releasehub.core.rates.time.time", lambda: 1_700_000_001.0)
    found = [ApiClient("rh_wrong").get("/v3/releases").status_code for _ in range(3)]
    assert found == [401, 401, 429]


@pytest.mark.embedded
def test_me_shows_the_user_of_the_token(shop: Shop) -> None:
    me = shop.get("/v3/me")
    assert (me["Cache-Control"], me.json()["id"], me.json()["email"]) == (
        "no-store",
        shop.owner.public_id,
        "ann@example.org",
    )
    assert (me.json()["role"], me.json()["organization"]) == ("user", None)
    organization = make_organization(members=(shop.owner,))
    key = ApiClient(make_key(shop.owner, scopes=[]))
    assert key.get("/v3/me").json()["organization"] == {"id": organization.public_id, "name": organization.name}
    Membership.objects.update(role=Membership.Role.ADMIN)
    assert shop.get("/v3/me").json()["role"] == "organization-admin"
    assert ApiClient(make_key(is_super_user=True)).get("/v3/me").status_code == 404
    assert ApiClient().get("/v3/me").status_code == 401
