"""Access keys: who issues them, what they open, and when that ends."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.models import AccessKey, AccessKeyUse, Download, TeamMember
from downloads.policies import download_policy
from downloads.services import set_team_member, share_download
from files.models import File
from files.services import update_file
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Denied, DomainError, Invalid, NotFound
from releasehub.core.logs import redact
from releasehub.distribution.access_keys import issue_access_key, revoke_access_key
from releasehub.distribution.links import file_path
from releasehub.distribution.presented_keys import TRANSFERS_PER_USE, forget_old_uses, open_with_secret
from releasehub.distribution.preview_links import issue_preview_link
from tests.factories import make_download, make_file, make_user, make_version, system

pytestmark = pytest.mark.django_db


def private_file(number: str = "1.0.0") -> File:
    return make_file(make_version(make_download(visibility="private"), number))


def issued(download: Download, **options: Any) -> tuple[AccessKey, str]:
    return issue_access_key(actor=system(), download=download, name="A customer", **options)


def fetch(file: File, key: str = "", client: Client | None = None) -> int:
    answer: Any = (client or Client()).get(file_path(file), {"key": key} if key else {})
    answer.getvalue()
    return int(answer.status_code)


def test_access_key_is_valid_for_its_download_only() -> None:
    file, other = private_file(), private_file()
    _, secret = issued(file.version.download)
    assert fetch(file) == 404
    assert fetch(file, secret) in {200, 302}
    assert fetch(other, secret) == 404


def test_only_the_digest_of_an_access_key_is_stored() -> None:
    key, secret = issued(make_download())
    assert secret not in str(AccessKey.objects.filter(pk=key.pk).values())
    assert secret not in str(AuditEntry.objects.values())


def test_malformed_access_key_costs_no_query() -> None:
    _, secret = issued(make_download())
    with CaptureQueriesContext(connection) as queries, pytest.raises(Denied):
        open_with_secret(Actor(), secret[:-1] + ("a" if secret[-1] != "a" else "b"))
    assert len(queries) == 0


@pytest.mark.parametrize("end", ["revoked", "expired"])
def test_access_key_expires(end: str) -> None:
    file = private_file()
    key, secret = issued(file.version.download, expires_at=timezone.now() + timedelta(hours=1))
    assert fetch(file, secret) != 403
    if end == "revoked":
        revoke_access_key(actor=system(), key=key)
    else:
        AccessKey.objects.update(expires_at=timezone.now())
    assert fetch(file, secret) == 403


def test_downloads_spend_uses_and_repeats_do_not() -> None:
    file = private_file()
    other = make_file(file.version)
    key, secret = issued(file.version.download, uses=1)
    assert Client().head(file_path(file), {"key": secret}).status_code in {200, 302}
    assert [fetch(file, secret) for _ in range(2)] in ([200, 200], [302, 302])
    assert fetch(other, secret) == 403
    key.refresh_from_db()
    assert key.uses_left == 0


def part_of(file: File, secret: str, span: str, **extra: Any) -> int:
    answer: Any = Client().get(file_path(file), {"key": secret}, headers={"Range": span}, **extra)
    _ = b"".join(answer) if answer.streaming else b""
    return int(answer.status_code)


def uses_left(key: AccessKey) -> int | None:
    return AccessKey.objects.get(pk=key.pk).uses_left


def test_a_range_that_begins_later_needs_a_use_too(local_storage: Any) -> None:
    file = private_file()
    key, secret = issued(file.version.download, uses=1)
    assert part_of(file, secret, "bytes=1-") == 206
    assert uses_left(key) == 0
    assert part_of(file, secret, "bytes=1-", REMOTE_ADDR="192.0.2.7") == 403


def test_ranges_of_one_visitor_cost_one_use_up_to_three_times_the_file(local_storage: Any) -> None:
    file = private_file()
    key, secret = issued(file.version.download, uses=2)
    half = file.size_bytes // 2
    for _ in range(TRANSFERS_PER_USE):
        assert part_of(file, secret, f"bytes=0-{half - 1}") == 206
        assert part_of(file, secret, f"bytes={half}-") == 206
    assert uses_left(key) == 1
    assert part_of(file, secret, "bytes=0-0") == 206
    assert uses_left(key) == 0


def test_responses_without_bytes_spend_no_use(local_storage: Any) -> None:
    file = private_file()
    assert file.blob
    key, secret = issued(file.version.download, uses=1)
    tag = {"If-None-Match": f'"{file.blob.sha256}"'}
    assert Client().get(file_path(file), {"key": secret}, headers=tag).status_code == 304
    assert part_of(file, secret, "bytes=999999-") == 416
    assert Client().head(file_path(file), {"key": secret}).status_code == 200
    assert uses_left(key) == 1


@pytest.mark.parametrize("kind", ["stored", "link"])
def test_a_redirect_to_the_bytes_costs_a_use_whatever_the_method(
    kind: str, monkeypatch: pytest.MonkeyPatch, local_storage: Any
) -> None:
    """The response to HEAD has the same URL as the one to GET, and everybody can fetch what is behind it."""
    file = private_file()
    monkeypatch.setattr(type(local_storage), "signed_url", lambda *args, **options: "https://store.example/object")
    if kind == "link":
        link = {"blob": None, "external_url": "https://files.example.org/tool.bin"}
        File.objects.filter(pk=file.pk).update(**link)
    draft = make_version(file.version.download, "2.0.0", state="draft")
    shown = make_file(draft, name="tool.zip")
    secrets = {
        file_path(file) + "?key={}": issued(file.version.download, uses=1)[1],
        "/preview/{}/tool.zip": issue_preview_link(actor=system(), version=draft, name="Testers", uses=1)[1],
    }
    assert shown.blob is not None
    for path, secret in secrets.items():
        answers = [Client(REMOTE_ADDR=f"192.0.2.{n}").head(path.format(secret)) for n in range(2)]
        assert [(answer.status_code, "Location" in answer) for answer in answers] == [(302, True), (403, False)], path


def test_head_costs_nothing_where_the_front_server_sends_the_bytes(local_storage: Any, settings: Any) -> None:
    settings.ACCEL_REDIRECT = "/stored/"
    file = private_file()
    key, secret = issued(file.version.download, uses=1)
    assert Client().head(file_path(file), {"key": secret}).status_code == 200
    assert uses_left(key) == 1
    assert fetch(file, secret) == 200
    assert uses_left(key) == 0


@pytest.mark.parametrize("headers", [{"User-Agent": "other"}, {"X-Forwarded-For": "203.0.113.9"}])
def test_only_the_address_and_agent_of_the_connection_make_a_visitor(headers: dict[str, str]) -> None:
    """A changed agent pays again; a forged header is neither another visitor nor the visitor who paid."""
    file = private_file()
    key, secret = issued(file.version.download, uses=2)
    fetch(file, secret)
    Client().get(file_path(file), {"key": secret}, headers=headers).getvalue()  # type: ignore[attr-defined]
    assert uses_left(key) == (0 if "User-Agent" in headers else 1)


def test_flushing_the_cache_does_not_reset_uses() -> None:
    file = private_file()
    key, secret = issued(file.version.download, uses=1)
    fetch(file, secret)
    cache.clear()
    assert fetch(file, secret) in {200, 302}
    assert uses_left(key) == 0


def test_every_route_spends_from_the_same_key(local_storage: Any) -> None:
    file = private_file()
    key, secret = issued(file.version.download, uses=1)
    version = file.version
    results = []
    for path in (file_path(file), f"/d/{version.download.slug}/latest/", f"/v3/{version.public_id}/{file.filename}"):
        answer: Any = Client().get(path, {"key": secret}, follow=True, REMOTE_ADDR=f"192.0.2.{len(results)}")
        answer.getvalue()
        results.append(answer.status_code)
    assert results == [200, 403, 403]
    assert uses_left(key) == 0


def test_signed_url_for_a_limited_key_expires_quickly(monkeypatch: pytest.MonkeyPatch, local_storage: Any) -> None:
    """Everybody who has such a URL can use it, so it is valid only as long as following a redirect takes."""
    seconds: list[int] = []

    def signed_url(self: Any, key: str, *, filename: str, content_type: str, seconds: int) -> str:
        noted.append(seconds)
        return "https://store.example/object"

    noted = seconds
    monkeypatch.setattr(type(local_storage), "signed_url", signed_url)
    file = private_file()
    for uses in (1, None):
        assert fetch(file, issued(file.version.download, uses=uses)[1]) == 302
    assert seconds == [30, 300]


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="In-memory SQLite has one writer and does not wait for locks."
)
@pytest.mark.django_db(transaction=True)
def test_parallel_visitors_share_the_uses_that_are_left(local_storage: Any) -> None:
    file = private_file()
    key, secret = issued(file.version.download, uses=3)

    def fetch_as(number: int) -> int:
        try:
            return part_of(file, secret, "bytes=0-", REMOTE_ADDR=f"192.0.2.{number}")
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(fetch_as, range(24)))
    assert sorted(results) == [206] * 3 + [403] * 21
    assert uses_left(key) == 0


def test_old_uses_are_removed() -> None:
    file = private_file()
    _, secret = issued(file.version.download, uses=1)
    fetch(file, secret)
    assert forget_old_uses() == 0
    AccessKeyUse.objects.update(spent_at=timezone.now() - timedelta(hours=1))
    assert forget_old_uses() == 1
    assert fetch(file, secret) == 403


def test_access_key_does_not_open_versions_above_its_limit() -> None:
    download = make_download(visibility="private")
    files = {number: make_file(make_version(download, number)) for number in ("1.4.0", "1.4.9", "1.5.0", "2.0.0")}
    _, secret = issued(download, highest_number="1.4")
    assert {number: fetch(file, secret) == 403 for number, file in files.items()} == {
        "1.4.0": False,
        "1.4.9": False,
        "1.5.0": True,
        "2.0.0": True,
    }


def test_user_with_access_spends_no_use() -> None:
    file = make_file(make_version(make_download(), "2.0.0"))
    key, secret = issued(file.version.download, uses=5, highest_number="1.0")
    assert fetch(file, secret) in {200, 302}
    key.refresh_from_db()
    assert key.uses_left == 5


def test_a_secured_file_of_a_public_download_needs_a_key_or_a_user() -> None:
    file = make_file()
    update_file(actor=system(), file=file, is_secured=True)
    _, secret = issued(file.version.download)
    assert fetch(file) == 403
    assert fetch(file, secret) in {200, 302}
    client = Client()
    client.force_login(make_user())
    assert fetch(file, client=client) in {200, 302}


def test_refused_access_key_is_audited() -> None:
    file = make_file()
    update_file(actor=system(), file=file, is_secured=True)
    fetch(file)
    entry = AuditEntry.objects.get(action=AuditAction.DOWNLOAD_REFUSED)
    assert (entry.target_id, entry.actor_id) == (file.pk, None)


@pytest.mark.parametrize(
    "wrong",
    [{"expires_at": timezone.now() - timedelta(hours=1)}, {"uses": 0}, {"highest_number": "-"}],
    ids=["past", "no use", "no version"],
)
def test_expired_or_used_up_keys_cannot_be_created(wrong: Any) -> None:
    with pytest.raises(Invalid):
        issued(make_download(), **wrong)


def test_team_managers_can_manage_access_keys() -> None:
    download = make_download()
    people = {name: make_user() for name in ("manager", "editor", "shared", "stranger")} | {"owner": download.owner}
    set_team_member(actor=system(), download=download, user=people["manager"], flags={"can_manage_team"})
    set_team_member(actor=system(), download=download, user=people["editor"], flags=set(TeamMember.FLAGS[:4]))
    share_download(actor=system(), download=download, user=people["shared"])
    may = {name for name, user in people.items() if tries(Actor(user=user), download) is None}
    assert may == {"owner", "manager"}


def tries(actor: Actor, download: Download) -> type[DomainError] | None:
    try:
        issue_access_key(actor=actor, download=download, name="x")
    except DomainError as error:
        return type(error)
    return None


def test_private_download_is_404_for_outsiders() -> None:
    download = make_download(visibility="private")
    assert tries(Actor(user=make_user()), download) is NotFound


def test_access_key_grants_read_access_only() -> None:
    file = private_file()
    _, secret = issued(file.version.download)
    actor = Actor()
    open_with_secret(actor, secret)
    assert download_policy.can_view(actor, file.version.download)
    assert not download_policy.can_edit(actor, file.version.download)
    assert not download_policy.is_insider(actor, file.version.download)


def test_a_share_link_opens_the_page_and_its_files_for_the_session() -> None:
    file = private_file()
    download = file.version.download
    _, secret = issued(download)
    client = Client()
    assert client.get(download.path).status_code == 404
    answer = client.get(f"/share/{secret}", follow=True)
    assert answer.status_code == 200
    assert file.filename in answer.content.decode()
    assert secret not in answer.content.decode()
    assert fetch(file, client=client) in {200, 302}


def test_share_link_expires_with_its_key() -> None:
    file = private_file()
    key, secret = issued(file.version.download)
    client = Client()
    client.get(f"/share/{secret}")
    revoke_access_key(actor=system(), key=key)
    assert client.get(file.version.download.path).status_code == 404
    assert client.get(f"/share/{secret}").status_code == 403


def test_a_refused_share_link_leaves_no_secret_in_the_log() -> None:
    _, secret = issued(make_download())
    assert redact(f"Forbidden: /share/{secret}") == "Forbidden: /share/[secret]"
    assert redact(f"GET /d/x/1.0/f?key={secret}") == "GET /d/x/1.0/f?key=[secret]"
