"""`/api/updates/<slug>` and `/api/access-keys/`."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from downloads.models import AccessKey, Download
from releasehub.apikeys.scopes import Scope
from releasehub.distribution.access_keys import issue_access_key
from releasehub.distribution.links import file_path
from tests.api.described import check
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_key, make_user, make_version, system
from versions.services import update_version

pytestmark = pytest.mark.django_db
PATH = "/api/updates/{slug}"


def asked(download: Download, client: ApiClient | None = None, **query: Any) -> Any:
    answer = (client or ApiClient()).get(f"/api/updates/{download.slug}", query)
    check(PATH, "get", answer)
    return answer


def test_update_check_returns_the_file_for_the_platform() -> None:
    version = make_version(number="1.5.0", release_notes="Better")
    make_file(version, platform="windows", architecture="x64")
    file = make_file(version, platform="linux", architecture="x64")
    answer = asked(version.download, version="1.4", platform="Linux", arch="x64").json()
    assert answer["update_available"] is True
    assert (answer["version"]["number"], answer["version"]["release_notes"]) == ("1.5.0", "Better")
    assert answer["version"]["published_at"].endswith("Z")
    assert (answer["file"]["file_id"], answer["file"]["sha256"]) == (file.pk, file.blob and file.blob.sha256)
    assert answer["file"]["download_url"] == f"http://testserver{file_path(file)}"


def test_update_check_says_until_when_the_version_is_supported() -> None:
    version = make_version(number="1.5.0", files=1)
    assert asked(version.download).json()["version"]["end_of_support"] is None
    update_version(actor=system(), version=version, end_of_support=date(2030, 6, 30))
    assert asked(version.download).json()["version"]["end_of_support"] == "2030-06-30"


def test_client_with_an_id_is_offered_what_was_rolled_out_to_it() -> None:
    older = make_version(number="1.0.0", files=1)
    newer = make_version(older.download, "2.0.0", files=1, rollout_percent=0)
    assert asked(newer.download).json()["version"]["rollout_percent"] == 0
    path = f"/api/updates/{newer.download.slug}"
    by_query: Any = ApiClient().get(path, {"client": "client-1"})
    by_header: Any = ApiClient().get(path, headers={"X-User-Staging-Id": "client-1"})
    for answer in (by_query, by_header):
        check(PATH, "get", answer)
        assert answer.json()["version"]["number"] == "1.0.0"
        assert answer["Cache-Control"] == "private, no-store"
    assert "X-User-Staging-Id" in asked(newer.download)["Vary"]


def test_update_check_without_a_newer_version() -> None:
    version = make_version(number="1.5.0", files=1)
    answer = asked(version.download, version="1.5").json()
    assert answer == {"update_available": False, "version": None, "file": None}


@pytest.mark.embedded
def test_anonymous_update_check_is_cacheable() -> None:
    answer = asked(make_version(files=1).download)
    assert answer["Cache-Control"] == "public, max-age=60"
    again = ApiClient().get(answer.request["PATH_INFO"], headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.embedded
def test_update_check_with_a_key_is_private() -> None:
    version = make_version(files=1)
    answer = asked(version.download, ApiClient(make_key(version.download.owner)))
    assert answer["Cache-Control"] == "private, no-store"
    assert "XF-Api-Key" in answer["Vary"]


def test_private_downloads_answer_to_their_access_key_only() -> None:
    version = make_version(make_download(visibility="private"), "2.0.0", files=1)
    _, secret = issue_access_key(actor=system(), download=version.download, name="x", highest_number="1")
    assert asked(version.download).status_code == 404
    assert asked(version.download, key="rhk_nonsense").status_code == 403
    assert asked(version.download, key=secret).json()["version"]["number"] == "2.0.0"
    assert asked(version.download, key=secret, allowed="1").json()["update_available"] is False


@pytest.mark.embedded
def test_update_check_explains_skipped_versions_to_the_team() -> None:
    version = make_version(number="2.0.0-rc.1", channel="rc", files=1)
    client = ApiClient(make_key(version.download.owner))
    told = asked(version.download, client, explain="1").json()["left_out"]
    assert [(row["number"], row["reasons"]) for row in told] == [("2.0.0-rc.1", ["other_channel"])]
    assert asked(version.download, explain="1").status_code == 403


@pytest.mark.embedded
@pytest.mark.parametrize(
    "query", [{"version": "-"}, {"version": "x" * 200}, {"allowed": "perhaps"}, {"version": "1\0"}]
)
def test_unreadable_parameters_are_rejected(query: Any) -> None:
    assert asked(make_version(files=1).download, **query).status_code == 400


@pytest.mark.embedded
@pytest.mark.parametrize("count", [1, 4])
def test_update_check_takes_three_queries(count: int) -> None:
    download = make_download()
    for _ in range(count):
        make_version(download, files=1)
    with CaptureQueriesContext(connection) as queries:
        ApiClient().get(f"/api/updates/{download.slug}", {"version": "0.1", "platform": "linux"})
    assert len(queries) == 3


def test_access_keys_are_issued_listed_and_revoked() -> None:
    download = make_download()
    client = ApiClient(make_key(download.owner))
    made = client.send("post", "/api/access-keys/", {"download_id": download.pk, "name": "Customer", "uses": 3})
    check("/api/access-keys/", "post", made)
    secret, key_id = made.json()["access_key"]["key"], made.json()["access_key"]["id"]
    listed = client.get("/api/access-keys/", {"download_id": download.pk})
    check("/api/access-keys/", "get", listed)
    assert [row["id"] for row in listed.json()["access_keys"]] == [key_id]
    assert secret not in listed.content.decode()
    revoked = client.send("delete", f"/api/access-keys/{key_id}/")
    check("/api/access-keys/{public_id}/", "delete", revoked)
    one = client.get(f"/api/access-keys/{key_id}/")
    check("/api/access-keys/{public_id}/", "get", one)
    assert one.json()["access_key"]["is_usable"] is False


def test_preview_links_are_issued_and_listed() -> None:
    version = make_version(number="2.0.0", state="draft")
    client = ApiClient(make_key(version.download.owner))
    body = {"download_id": version.download_id, "name": "Testers", "version_id": version.pk, "uses": 3}
    made = client.send("post", "/api/access-keys/", body)
    check("/api/access-keys/", "post", made)
    issued = made.json()["access_key"]
    assert (issued["version_id"], issued["uses_left"]) == (version.pk, 3)
    assert Client().get(f"/preview/{issued['key']}/").status_code == 200
    listed = client.get("/api/access-keys/", {"download_id": version.download_id})
    check("/api/access-keys/", "get", listed)
    assert [row["version_id"] for row in listed.json()["access_keys"]] == [version.pk]


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("extra", "status"), [({"highest_number": "2"}, 400), ({"key": "x" * 20}, 400), ({"version_id": 0}, 404)]
)
def test_preview_links_with_other_limits_are_refused(extra: dict[str, Any], status: int) -> None:
    version = make_version(number="2.0.0", state="draft")
    body = {"download_id": version.download_id, "name": "Testers", "version_id": version.pk} | extra
    answer = ApiClient(make_key(version.download.owner)).send("post", "/api/access-keys/", body)
    assert answer.status_code == status
    # A stranger gets one answer, so that the error does not tell that the hidden download exists.
    Download.objects.filter(pk=version.download_id).update(visibility="private")
    assert ApiClient(make_key(make_user())).send("post", "/api/access-keys/", body).status_code == 404
    assert not AccessKey.objects.exists()


@pytest.mark.embedded
@pytest.mark.parametrize("verb", ["get", "delete"])
def test_strangers_do_not_find_access_keys(verb: str) -> None:
    download = make_download()
    key, _ = issue_access_key(actor=system(), download=download, name="x")
    answer = ApiClient(make_key(make_user())).send(verb, f"/api/access-keys/{key.public_id}/")
    assert answer.status_code == 404


@pytest.mark.embedded
def test_access_keys_need_a_key_and_its_scope() -> None:
    download = make_download()
    body = {"download_id": download.pk, "name": "x"}
    assert ApiClient().get("/api/access-keys/", {"download_id": download.pk}).status_code == 401
    issuer = ApiClient(make_key(download.owner, scopes=[Scope.ACCESS_KEY_WRITE]))
    issued = issuer.send("post", "/api/access-keys/", body)
    assert issued.status_code == 201
    path = f"/api/access-keys/{issued.json()['access_key']['id']}/"
    # The key of a build publishes files. A thief of that key must not be able to hand out private ones.
    others = [scope for scope in Scope.values if scope != Scope.ACCESS_KEY_WRITE]
    builder = ApiClient(make_key(download.owner, scopes=others))
    answers = [builder.send("post", "/api/access-keys/", body), builder.send("delete", path)]
    assert [(answer.status_code, "access_key:write" in answer.text) for answer in answers] == [(403, True)] * 2
    # The names of access keys are often those of customers.
    readers = [
        ApiClient(make_key(download.owner, scopes=scopes))
        for scopes in ([scope for scope in Scope.values if scope != Scope.ACCESS_KEY_READ], [Scope.ACCESS_KEY_READ])
    ]
    reads = [(reader.get(path), reader.get("/api/access-keys/", {"download_id": download.pk})) for reader in readers]
    assert [[answer.status_code for answer in both] for both in reads] == [[403, 403], [200, 200]]
    assert issuer.send("delete", path).status_code == 200
