"""Tests that cached rights save queries, and that a right that ends in this process ends at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.models import Download, TeamMember
from downloads.services import remove_team_member, set_team_member, update_download
from releasehub.accounts.models import User
from releasehub.accounts.services.disabling import disable_user
from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.services import delete_key, revoke_key, update_key
from releasehub.apikeys.verification import InactiveKey, verify_key
from releasehub.audit.rights_cache import cached_right, entries, invalidate_rights
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_user, make_version, system

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.embedded]


@pytest.fixture(autouse=True)
def enabled_cache(settings: Any) -> Iterator[None]:
    settings.RIGHTS_CACHE_SECONDS = 60
    yield
    entries.clear()


@pytest.fixture
def owner() -> User:
    return make_user("owner")


@pytest.fixture
def download(owner: User) -> Download:
    return make_version(make_download(owner, visibility="private"), "1.0.0").download


@pytest.fixture
def client(owner: User) -> ApiClient:
    return ApiClient(make_key(owner))


def status(client: ApiClient, download: Download) -> int:
    return int(client.get(list_url(download)).status_code)


def list_url(download: Download) -> str:
    return f"/api/mc-dm-versions/?download_id={download.pk}"


def numbers(client: ApiClient, download: Download) -> list[str]:
    return [row["version_string"] for row in client.get(list_url(download)).json()["versions"]]


def test_second_request_reads_neither_the_key_nor_the_access(client: ApiClient, download: Download) -> None:
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as queries:
            assert numbers(client, download) == ["1.0.0"]
        counts.append(len(queries))
    assert counts == [4, 1, 1]  # with the last use of the key


def test_change_removes_the_entries_of_earlier_generations(download: Download) -> None:
    """A hub that publishes all the time would otherwise keep thousands of entries that nothing reads."""
    entries.set("of an earlier generation", download, 60)
    update_download(actor=system(), download=download, title="Another title")
    assert not len(entries)


def delete(key: ApiKey) -> None:
    delete_key(actor=system(), key=key)


def revoke(key: ApiKey) -> None:
    revoke_key(actor=system(), key=key)


def narrow(key: ApiKey) -> None:
    update_key(actor=system(), key=key, scopes=[Scope.WEBHOOK_READ.value])


def disable(key: ApiKey) -> None:
    disable_user(actor=system(), user=key.user)


@pytest.mark.parametrize("end", [delete, revoke, narrow, disable])
def test_key_that_ends_in_this_process_ends_at_once(
    client: ApiClient, download: Download, end: Callable[[ApiKey], None]
) -> None:
    assert status(client, download) == 200
    end(ApiKey.objects.get())
    assert status(client, download) in {401, 403}


def test_cached_key_expires_on_time(client: ApiClient, owner: User) -> None:
    secret = make_key(owner, expires_at=timezone.now() + timedelta(hours=1))
    key = verify_key(secret, is_cacheable=True)
    assert verify_key(secret, is_cacheable=True) == key
    with pytest.MonkeyPatch.context() as patch:
        later = timezone.now() + timedelta(hours=2)
        patch.setattr("releasehub.apikeys.expiring.timezone.now", lambda: later)
        with pytest.raises(InactiveKey):
            verify_key(secret, is_cacheable=True)


def test_writes_never_use_a_cached_key(client: ApiClient, download: Download) -> None:
    """A key that another process has revoked may still read for a moment, but not write."""
    assert status(client, download) == 200
    ApiKey.objects.update(revoked_at=timezone.now())
    assert status(client, download) == 200
    body = {"download_id": download.pk, "version_string": "2.0.0"}
    assert client.send("post", "/api/mc-dm-versions/", body).status_code == 403


def test_member_who_leaves_the_team_loses_access_at_once(download: Download) -> None:
    member = make_user("member")
    client = ApiClient(make_key(member))
    assert numbers(client, download) == []
    set_team_member(actor=system(), download=download, user=member, flags=set(TeamMember.FLAGS))
    assert numbers(client, download) == ["1.0.0"]
    remove_team_member(actor=system(), download=download, user=member)
    assert numbers(client, download) == []


def test_download_that_becomes_private_is_hidden_at_once(owner: User) -> None:
    public, stranger = make_version(make_download(owner), "1.0.0").download, ApiClient(make_key(make_user()))
    assert (numbers(stranger, public), numbers(ApiClient(), public)) == (["1.0.0"], ["1.0.0"])
    update_download(actor=system(), download=public, visibility=Download.Visibility.PRIVATE)
    assert (numbers(stranger, public), numbers(ApiClient(), public)) == ([], [])


def test_access_of_each_user_is_cached_separately(client: ApiClient, download: Download) -> None:
    assert numbers(client, download) == ["1.0.0"]
    assert numbers(ApiClient(make_key(make_user())), download) == []
    assert numbers(ApiClient(), download) == []


def test_requests_share_a_key_until_it_expires(owner: User) -> None:
    secret = make_key(owner)
    first, second = (verify_key(secret, is_cacheable=True) for _ in range(2))
    assert first is second
    assert verify_key(secret) is not first


def test_permission_ends_at_once_although_django_remembers_it_on_the_shared_user(download: Download) -> None:
    moderator = make_user("moderator", is_staff=True, permissions=("moderate_download",))
    client = ApiClient(make_key(moderator))
    assert [numbers(client, download) for _ in range(2)] == [["1.0.0"], ["1.0.0"]]
    moderator.user_permissions.clear()
    assert numbers(client, download) == []


def test_list_has_the_new_total_after_a_creation(client: ApiClient, download: Download) -> None:
    for number in ("2.0.0", "3.0.0"):
        total = client.get(list_url(download)).json()["pagination"]["total"]
        make_version(download, number)
        assert client.get(list_url(download)).json()["pagination"]["total"] == total + 1


def test_row_that_was_loaded_before_a_change_is_not_used_after_it(owner: User) -> None:
    """The change commits after the row was read and before it is stored."""

    def load() -> User:
        row = User.objects.get(pk=owner.pk)
        User.objects.filter(pk=owner.pk).update(is_active=False)
        invalidate_rights()
        return row

    assert cached_right("user", load).is_active  # type: ignore[union-attr]
    assert not cached_right("user", lambda: User.objects.get(pk=owner.pk)).is_active  # type: ignore[union-attr]


def test_uncommitted_changes_are_not_cached(owner: User) -> None:
    def load() -> User:
        return User.objects.get(pk=owner.pk)

    with transaction.atomic():
        User.objects.filter(pk=owner.pk).update(is_active=False)
        assert not cached_right("user", load).is_active  # type: ignore[union-attr]
        transaction.set_rollback(True)
    assert cached_right("user", load).is_active  # type: ignore[union-attr]


def test_zero_seconds_disable_the_cache(settings: Any, client: ApiClient, download: Download) -> None:
    settings.RIGHTS_CACHE_SECONDS = 0
    status(client, download)
    with CaptureQueriesContext(connection) as queries:
        status(client, download)
    assert len(queries) == 3
