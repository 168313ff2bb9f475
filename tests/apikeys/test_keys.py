"""Tests of API keys: their format, their life cycle, and where they must never appear."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from downloads.policies import prefix_policy
from releasehub.apikeys import secrets
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.services import delete_key, issue_key, revoke_key, update_key
from releasehub.apikeys.verification import InactiveKey, UnknownKey, verify_key
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor, Origin
from releasehub.core.errors import Conflict, Denied, Invalid, NotFound
from releasehub.core.logs import OneLineFormatter, SecretsFilter, redact
from tests.conftest import ApiClient
from tests.factories import make_category, make_download, make_key, make_user, make_version, system

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def test_keys_are_well_formed_and_unique() -> None:
    keys = {secrets.new_secret() for _ in range(2_000)}
    assert len(keys) == 2_000
    assert all(len(key) == 45 and secrets.is_well_formed(key) for key in keys)


@given(st.integers(3, 44), st.sampled_from(ALPHABET))
def test_single_wrong_character_is_detected(position: int, char: str) -> None:
    key = secrets.new_secret()
    changed = key[:position] + char + key[position + 1 :]
    assert changed == key or not secrets.is_well_formed(changed)


@pytest.mark.django_db
@pytest.mark.parametrize("change", [str.upper, lambda key: key[:-1], secrets.digest, lambda key: key[:-1] + "~"])
def test_malformed_key_costs_no_query(change: Any) -> None:
    wrong = change(make_key())
    with CaptureQueriesContext(connection) as queries, pytest.raises(UnknownKey):
        verify_key(wrong)
    assert len(queries) == 0


@pytest.mark.django_db
def test_revoked_key_is_rejected_at_once() -> None:
    secret = make_key()
    client = ApiClient(secret)
    assert client.get("/api/mc-dm-downloads/").status_code == 200
    revoke_key(actor=system(), key=ApiKey.objects.get())
    assert client.get("/api/mc-dm-downloads/").status_code == 403


@pytest.mark.django_db
def test_expired_key_and_key_of_an_inactive_user_are_rejected() -> None:
    user = make_user()
    expired, other = make_key(user), make_key(user)
    ApiKey.objects.filter(digest=secrets.digest(expired)).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(InactiveKey):
        verify_key(expired)
    user.is_active = False
    user.save()
    with pytest.raises(InactiveKey):
        verify_key(other)
    user.delete()
    with pytest.raises(UnknownKey):
        verify_key(other)


@pytest.mark.django_db
def test_last_use_is_recorded_at_most_once_a_minute() -> None:
    secret = make_key()
    verify_key(secret)
    with CaptureQueriesContext(connection) as queries:
        verify_key(secret)
    assert len(queries) == 1


@pytest.mark.django_db
def test_api_key_cannot_create_keys() -> None:
    user = make_user()
    with pytest.raises(Denied):
        issue_key(actor=Actor(user=user, origin=Origin.API, api_key_id=1), user=user, name="more")


@pytest.mark.django_db
def test_only_site_administrators_can_create_super_user_keys() -> None:
    user = make_user()
    with pytest.raises(Denied):
        issue_key(actor=Actor(user=user), user=user, name="all", is_super_user=True)


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["XF-Api-Key", "Authorization", "Bearer"])
def test_every_supported_header_is_accepted(header: str) -> None:
    owner = make_user()
    download = make_download(owner, visibility="private")
    secret = make_key(owner)
    headers = {"Authorization": f"Bearer {secret}"} if header == "Bearer" else {header: secret}
    assert ApiClient().get(f"/api/mc-dm-downloads/{download.pk}/", headers=headers).status_code == 200


@pytest.mark.django_db
def test_bound_key_has_access_to_its_downloads_only() -> None:
    owner = make_user()
    mine, other = make_download(owner), make_download(owner)
    client = ApiClient(make_key(owner, download_ids=[mine.pk]))
    assert [row["download_id"] for row in client.get("/api/mc-dm-downloads/").json()["downloads"]] == [mine.pk]
    assert client.send("put", f"/api/mc-dm-downloads/{other.pk}/", {"title": "X"}).status_code == 404
    body = {"title": "New", "category_id": mine.category_id}
    assert client.send("post", "/api/mc-dm-downloads/", body).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize("is_super_user", [False, True])
def test_bound_key_of_an_administrator_changes_no_category(is_super_user: bool) -> None:
    root, category = make_user(is_superuser=True), make_category()
    client = ApiClient(make_key(root, download_ids=[make_download(root).pk], is_super_user=is_super_user))
    one = f"/api/mc-dm-categories/{category.pk}/"
    for verb, path in (("post", "/api/mc-dm-categories/"), ("put", one), ("delete", f"{one}?hard=1")):
        assert client.send(verb, path, {"title": "Mine"}).status_code == 403
    assert not prefix_policy.can_create(Actor(user=root, bound_download_ids=frozenset({1})))


@pytest.mark.django_db
def test_only_super_user_keys_can_act_as_another_user() -> None:
    user, download = make_user(), make_download()
    body = {"download_id": download.pk, "version_string": "1.0"}
    key = make_key(is_super_user=True, scopes=[])
    answer = ApiClient(key).send("post", "/api/mc-dm-versions/", body, headers={"XF-Api-User": str(user.pk)})
    assert answer.status_code == 200
    assert download.versions.get().author == user
    refused = ApiClient(make_key()).get("/api/mc-dm-downloads/", headers={"XF-Api-User": str(user.pk)})
    assert refused.status_code == 403


@pytest.mark.django_db
def test_command_prints_the_key_on_the_last_line(capsys: Any) -> None:
    make_user("ann")
    download = make_download()
    arguments = ["--name", "ci", "--scope", Scope.DOWNLOAD_READ.value, "--download", download.slug, "--expires", "7"]
    call_command("create_api_key", "ann", *arguments)
    key = verify_key(capsys.readouterr().out.splitlines()[-1])
    assert (key.user.username, key.scopes, key.download_ids) == ("ann", [Scope.DOWNLOAD_READ], [download.pk])


@pytest.mark.django_db
def test_key_itself_is_not_stored() -> None:
    secret = make_key(make_version().download.owner)
    ApiClient(secret).get("/api/mc-dm-downloads/")
    for model in apps.get_models():
        assert secret not in str(list(model._base_manager.values()))


@pytest.mark.parametrize(
    "text",
    [
        "key rh_0123456789abcdefghijABCDEFGHIJ0123456789abcdef used",
        "Authorization: Bearer abcdefghijklmnop.q-r_s",
        "GET /x?X-Amz-Credential=AKIA123/x&X-Amz-Signature=deadbeef00",
        "GET /update?key=verysecretkey",
    ],
)
def test_logs_contain_no_secrets(text: str) -> None:
    shown = redact(text)
    assert "[secret]" in shown
    for secret in ("rh_0123", "abcdefghijklmnop", "deadbeef", "verysecret", "AKIA123"):
        assert secret not in shown


def test_log_event_is_one_line() -> None:
    record = logging.LogRecord("x", 20, "f", 1, "name %s", ("a\r\nERROR forged \x1b[31m\u202e",), None)
    record.request_id = "-"
    SecretsFilter().filter(record)
    assert OneLineFormatter().format(record).isprintable()


@pytest.mark.django_db
def test_user_with_a_token_can_create_keys() -> None:
    user = make_user()
    assert issue_key(actor=Actor(user=user, origin=Origin.API), user=user, name="ci")[0].user == user


@pytest.mark.django_db
@pytest.mark.parametrize("change", [lambda **o: update_key(name="x", **o), delete_key])
def test_only_the_owner_can_change_a_key_and_not_with_a_key(change: Any) -> None:
    user = make_user()
    make_key(user)
    key = ApiKey.objects.get()
    with pytest.raises(NotFound):
        change(actor=Actor(user=make_user()), key=key)
    with pytest.raises(Denied):
        change(actor=Actor(user=user, api_key_id=key.pk), key=key)
    change(actor=Actor(user=user), key=key)
    assert not ApiKey.objects.exclude(name="x").exists()


@pytest.mark.django_db
def test_changed_scopes_take_effect_at_once_and_are_audited() -> None:
    user = make_user()
    client = ApiClient(make_key(user))
    key = update_key(actor=Actor(user=user), key=ApiKey.objects.get(), scopes=[Scope.WEBHOOK_READ.value])
    assert client.get("/api/mc-dm-downloads/").status_code == 403
    assert AuditEntry.objects.latest("pk").changes["scopes"][1] == key.scopes
    with pytest.raises(Invalid):
        update_key(actor=Actor(user=user), key=key, scopes=["everything"])
    revoke_key(actor=Actor(user=user), key=key)
    with pytest.raises(Conflict):
        update_key(actor=Actor(user=user), key=key, name="again")
