"""Tests that the cache for anonymous visitors saves queries, never mixes visitors, and is invalidated by changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from downloads.models import AccessKey, Download
from downloads.services import update_download
from files.models import DownloadGrant, File
from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.services import issue_key
from releasehub.core import anonymous_cache
from releasehub.core.actor import Actor
from releasehub.core.anonymous_cache import cached_row
from releasehub.distribution import links
from releasehub.distribution.access_keys import issue_access_key
from releasehub.publishing.deletion import delete_version
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from tests.factories import make_download, make_file, make_user, make_version, system
from versions.models import Version

pytestmark = pytest.mark.django_db
Commits = Callable[..., Any]
MACOS = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
LINUX = "Mozilla/5.0 (X11; Linux x86_64)"


@pytest.fixture(autouse=True)
def enabled_cache(settings: Any) -> Iterator[None]:
    settings.ANONYMOUS_CACHE_SECONDS = 60
    anonymous_cache.forget()
    yield
    anonymous_cache.forget()


@pytest.fixture
def download() -> Download:
    return make_file(make_version(make_download(title="Tool"), "1.0.0"), platform="linux").version.download


def urls(download: Download) -> list[str]:
    return [download.path, "/", f"/api/updates/{download.slug}", f"{download.path}1.0.0/"]


def queries_of(client: Client, url: str, **options: Any) -> tuple[int, Any]:
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url, **options)
    return len(queries), answer


def test_second_anonymous_request_costs_no_query(client: Client, download: Download) -> None:
    for url in urls(download):
        first, second = queries_of(client, url), queries_of(Client(), url)
        assert first[0] > 0, url
        assert second[0] == 0, url
        assert second[1].content == first[1].content
        assert {**second[1].headers, "X-Request-Id": ""} == {**first[1].headers, "X-Request-Id": ""}


def test_cookies_of_other_programs_do_not_bypass_the_cache(client: Client, download: Download) -> None:
    client.get(download.path)
    client.cookies["_ga"] = "GA1.1.1"
    count, answer = queries_of(client, download.path)
    assert (count, answer.wsgi_request.COOKIES) == (0, {})
    assert "private" not in answer["Cache-Control"]


@pytest.mark.parametrize("name", ["sessionid", "csrftoken", "messages"])
def test_cookies_of_one_visitor_bypass_the_cache(client: Client, download: Download, name: str) -> None:
    client.get(download.path)
    client.cookies[name] = "b" * 32
    count, answer = queries_of(client, download.path)
    assert count
    assert "private" in answer["Cache-Control"]


def test_client_with_the_current_etag_gets_304(client: Client, download: Download) -> None:
    for url in urls(download):
        answer = client.get(url)
        count, again = queries_of(client, url, headers={"If-None-Match": answer["ETag"]})
        assert (again.status_code, again.content, count) == (304, b"", 0)


def test_head_has_the_headers_of_get(client: Client, download: Download) -> None:
    for url in urls(download):
        assert client.head(url)["ETag"]  # this answer is not stored: a view may leave out the body
        first = client.get(url)
        head = client.head(url)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("ETag", "Cache-Control", "Content-Type", "Vary", "Content-Length"):
            assert head.get(name) == first.get(name), f"{url} {name}"
        assert client.head(url, headers={"If-None-Match": first["ETag"]}).status_code == 304


def test_change_invalidates_the_cache(
    client: Client, download: Download, django_capture_on_commit_callbacks: Commits
) -> None:
    version = make_file(make_version(download, "2.0.0")).version
    page, update = download.path, f"/api/updates/{download.slug}?version=1.0.0"
    assert "2.0.0" in client.get(page).content.decode()
    assert client.get(update).json()["update_available"]
    with django_capture_on_commit_callbacks(execute=True):
        move(Move.YANK, actor=system(), version=version, reason="broken")
    assert not client.get(update).json()["update_available"]
    with django_capture_on_commit_callbacks(execute=True):
        move(Move.UNPUBLISH, actor=system(), version=version)
    assert "2.0.0" not in client.get(page).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        update_download(actor=system(), download=download, visibility=Download.Visibility.PRIVATE)
    assert client.get(page).status_code == 404


def test_update_checks_of_different_clients_share_their_rows(
    client: Client, download: Download, django_capture_on_commit_callbacks: Commits
) -> None:
    """Their URLs differ, so the cached response of one client does not serve another one."""
    newest = make_file(make_version(download, "2.0.0"), name="tool-2.zip").version

    def check(installed: str, **options: Any) -> tuple[int, Any]:
        count, answer = queries_of(client, f"/api/updates/{download.slug}?version={installed}", **options)
        version = answer.json()["version"]
        return count, version and version["number"]

    assert check("0.1")[0] > 0
    assert [check(installed) for installed in ("0.2", "1.0.0", "2", "2.0.0")] == [(0, "2.0.0")] * 2 + [(0, None)] * 2
    key = issue_key(actor=system(), user=make_user(), name="robot", scopes=Scope.values)[1]
    Version.objects.filter(pk=newest.pk).update(yanked_at=timezone.now())  # by another process
    assert check("0.3") == (0, "2.0.0")
    assert check("0.3", headers={"XF-Api-Key": key})[1] == "1.0.0"  # a key always sees the present rows
    with django_capture_on_commit_callbacks(execute=True):
        update_download(actor=system(), download=download, title="Another title")
    assert check("0.4")[1] == "1.0.0"


def test_zero_seconds_disables_the_cache(settings: Any, client: Client, download: Download) -> None:
    settings.ANONYMOUS_CACHE_SECONDS = 0
    client.get(download.path)
    assert queries_of(client, download.path)[0] > 0


def test_response_for_a_member_is_never_cached(client: Client, download: Download) -> None:
    make_version(download, "3.0.0-draft.1", state="draft")
    member = Client()
    member.force_login(download.owner)
    for first, second in ((member, client), (client, member)):
        anonymous_cache.forget()
        pages = {id(one): one.get(download.path).content.decode() for one in (first, second)}
        assert "3.0.0-draft.1" in pages[id(member)]
        assert "3.0.0-draft.1" not in pages[id(client)]


def test_response_for_an_access_key_is_never_cached(client: Client) -> None:
    hidden = make_file(make_version(make_download(visibility=Download.Visibility.PRIVATE), "1.0.0")).version.download
    key, secret = issue_access_key(actor=system(), download=hidden, name="customer")
    url = f"/api/updates/{hidden.slug}"
    assert client.get(f"{url}?key={secret}").status_code == 200
    assert client.get(f"{url}?key={secret}x").status_code != 200
    assert client.get(url).status_code == 404
    AccessKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())  # by another process
    assert client.get(f"{url}?key={secret}").status_code != 200


def test_error_responses_are_not_cached(
    client: Client, download: Download, django_capture_on_commit_callbacks: Commits
) -> None:
    Download.objects.filter(pk=download.pk).update(visibility=Download.Visibility.PRIVATE)
    assert client.get(download.path).status_code == 404
    Download.objects.filter(pk=download.pk).update(visibility=Download.Visibility.PUBLIC)
    assert client.get(download.path).status_code == 200


def test_each_operating_system_gets_its_own_file(client: Client, download: Download) -> None:
    version = download.versions.get()
    make_file(version, name="tool-macos.zip", platform="macos")
    shown = {agent: client.get(download.path, headers={"User-Agent": agent}).content for agent in (MACOS, LINUX)}
    assert shown[MACOS] != shown[LINUX]
    assert client.get(download.path, headers={"User-Agent": MACOS}).content == shown[MACOS]


def test_different_urls_have_different_responses(client: Client, download: Download) -> None:
    other = make_file(make_version(make_download(title="Other"), "1.0.0")).version.download
    assert client.get(download.path).content != client.get(other.path).content
    assert client.get("/search/?q=Tool").content != client.get("/search/?q=Other").content
    by_host = [client.get(download.path, headers={"Host": host}).content for host in ("localhost", "127.0.0.1")]
    assert by_host[0] != by_host[1]


def test_signed_in_user_is_not_answered_from_the_cache(client: Client, download: Download) -> None:
    user = make_user()
    client.get(download.path)
    client.force_login(user)
    assert user.username in client.get(download.path).content.decode()


def opens(client: Client, url: str) -> bool:
    """Return whether the response is the file itself or a redirect to the file storage."""
    answer: Any = client.get(url)
    assert not answer.streaming or b"".join(answer)
    return answer.status_code in {200, 302}


def links_to(file: Any) -> tuple[str, str]:
    return links.file_path(file), f"/d/{file.version.download.slug}/latest/{file.filename}"


def test_file_of_a_link_is_looked_up_once_but_counted_every_time(client: Client, download: Download) -> None:
    for number, url in enumerate(links_to(File.objects.get())):
        for count, visitor in enumerate((client, Client()), start=1):
            with CaptureQueriesContext(connection) as queries:
                assert opens(visitor, url)
            assert (len(queries) == 1) is (count == 2), url
            assert DownloadGrant.objects.count() == 2 * number + count


def test_change_invalidates_cached_links(
    client: Client, download: Download, django_capture_on_commit_callbacks: Commits
) -> None:
    file = File.objects.get()
    assert all(opens(client, url) for url in links_to(file))
    with django_capture_on_commit_callbacks(execute=True):
        delete_version(actor=system(), version=file.version)
    assert [client.get(url).status_code for url in links_to(file)] == [410, 404]


def test_permanent_links_to_private_files_require_access(client: Client) -> None:
    hidden = make_file(make_version(make_download(visibility=Download.Visibility.PRIVATE), "1.0.0"))
    owner, (key, secret) = Client(), issue_access_key(actor=system(), download=hidden.version.download, name="one")
    owner.force_login(hidden.version.download.owner)
    for url in links_to(hidden):
        for _ in range(2):
            assert opens(owner, url)
            assert opens(client, f"{url}?key={secret}")
            assert client.get(url).status_code == 404
    AccessKey.objects.filter(pk=key.pk).update(revoked_at=timezone.now())  # by another process
    assert not any(opens(client, f"{url}?key={secret}") for url in links_to(hidden))


def test_links_of_signed_in_users_are_not_cached(download: Download) -> None:
    file, owner = File.objects.get(), Client()
    owner.force_login(download.owner)
    assert all(opens(owner, url) for url in links_to(file))
    File.objects.update(deleted_at=timezone.now())  # by another process
    assert not any(opens(owner, url) for url in links_to(file))


@pytest.mark.django_db(transaction=True)
def test_row_that_was_loaded_before_a_change_is_not_used_after_it(download: Download) -> None:
    """The change commits after another thread has read the row and before that thread stores it."""

    def load() -> Download:
        row = Download.objects.get(pk=download.pk)
        update_download(actor=system(), download=download, visibility=Download.Visibility.PRIVATE)
        return row

    def look(load: Callable[[], Download]) -> str:
        return cached_row(Actor(), ("a row",), load).visibility

    assert look(load) == Download.Visibility.PUBLIC
    assert look(lambda: Download.objects.get(pk=download.pk)) == Download.Visibility.PRIVATE
