"""Promises C1 to C8: releases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from releasehub.apikeys.scopes import Scope
from releasehub.distribution.counting import aggregate_download_events
from tests.api.v3.shop import Shop, fetch, signed_in
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_user, make_version
from versions.models import Version

FIELDS = {
    "id", "createdAt", "updatedAt", "name", "channel", "version", "platform", "platforms", "notes", "totalFiles",
    "publishedAt",
    "files", "published", "private", "archived", "productId", "tenantId",
}  # fmt: skip


def test_create_answers_with_exactly_the_documented_fields(shop: Shop) -> None:
    release = shop.release(platforms=["Windows", "linux", "windows"], notes="# New")
    assert release.keys() == FIELDS
    assert (release["platforms"], release["platform"]) == (["Windows", "linux"], "Windows")
    assert (release["notes"], release["channel"], release["productId"]) == ("# New", "stable", shop.product.public_id)
    assert (release["published"], release["private"], release["archived"]) == (False, False, False)
    assert (release["totalFiles"], release["files"], release["publishedAt"]) == (0, [], None)
    assert release["tenantId"] == shop.owner.public_id


@pytest.mark.embedded
def test_platform_is_the_older_form_of_a_list(shop: Shop) -> None:
    release = shop.release(platform="Mac OS 9", platforms=None, channel="Release Candidate")
    assert (release["platform"], release["platforms"]) == ("Mac OS 9", ["Mac OS 9"])
    assert release["channel"] == "Release Candidate"
    path = f"/v3/releases/{release['id']}"
    assert shop.client.send("patch", path, {"platform": "linux"}).json()["platforms"] == ["linux"]
    assert shop.client.send("patch", path, {"platform": ""}).json()["platform"] is None
    for query in ({"channel": "release CANDIDATE"}, {"productId": shop.product.public_id}):
        assert names(shop.get("/v3/releases", **query)) == ["1.0.0"]


def test_one_release_per_platform(shop: Shop) -> None:
    ids = {}
    for platform in ("Windows", "linux"):
        release = shop.release(platform=platform)
        ids[platform] = release["id"]
        assert shop.upload(release).status_code == 200
        assert shop.act(release, "publish").status_code == 200
    body = {"name": "R", "version": "1.0.0", "productId": shop.product.public_id, "platforms": ["win64"]}
    taken = shop.client.send("post", "/v3/releases", body)
    assert (taken.status_code, taken.json()["code"]) == (409, "RELEASE_EXISTS")
    for platform, wanted in (("windows", ids["Windows"]), ("LINUX", ids["linux"])):
        latest = shop.get("/v3/releases/latest", productId=shop.product.public_id, platform=platform)
        assert latest.json()["id"] == wanted


@pytest.mark.embedded
def test_omitted_channel_is_stable_for_every_product(shop: Shop) -> None:
    product = make_download(shop.owner, default_channel="beta")
    body = {"name": "R", "version": "1.0", "productId": product.public_id}
    assert shop.client.send("post", "/v3/releases", body).json()["channel"] == "stable"


def test_null_notes_are_empty_and_past_dates_are_returned(shop: Shop) -> None:
    release = shop.release(notes=None, createdAt="2019-08-24T14:15:22Z")
    assert (release["notes"], release["createdAt"]) == ("", "2019-08-24T14:15:22Z")
    assert Version.objects.get().released_at == datetime(2019, 8, 24, 14, 15, 22, tzinfo=UTC)


@pytest.mark.embedded
@pytest.mark.parametrize("number", ["1.2", "1.2.3", "1.2.3.4", "2024.01", "0.0", "1.0.99999999999"])
def test_two_to_four_numbers_are_a_version(shop: Shop, number: str) -> None:
    assert shop.release(version=number)["version"] == number


@pytest.mark.embedded
@pytest.mark.parametrize(
    "number", ["1", "1.2.3.4.5", "v1.2", "1.2-rc1", "1.2\n", " 1.2", "1..2", "1.2.", "١.٢", "1.²", "", "1" * 130 + ".0"]
)
def test_invalid_version_is_400_with_the_field(shop: Shop, number: str) -> None:
    body = {"name": "R", "version": number, "productId": shop.product.public_id}
    answer = shop.client.send("post", "/v3/releases", body)
    assert (answer.status_code, answer.json()["code"], answer.json()["message"][:7]) == (
        400,
        "INVALID_FIELD",
        "version",
    )


@pytest.mark.embedded
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "n" * 257), ("notes", "n" * 4097), ("channel", ""), ("platforms", "windows"),
        ("platforms", [""]), ("platforms", [1, {}]), ("private", "perhaps"), ("createdAt", "yesterday"),
        ("createdAt", "9999-12-31T23:59:59-14:00"), ("name", "a\x00b"), ("name", {"a": 1}), ("channel", "c" * 257),
        ("channel", "a\nb"),
        ("platform", "p" * 257), ("platforms", ["a\nb"]),
    ],
)  # fmt: skip
def test_invalid_values_are_rejected_with_the_field(shop: Shop, field: str, value: Any) -> None:
    body = {"name": "R", "version": "1.0", "productId": shop.product.public_id} | {field: value}
    answer = shop.client.send("post", "/v3/releases", body)
    assert answer.status_code == 400
    assert field in answer.json()["message"]


@pytest.mark.parametrize(("field", "length"), [("name", 256), ("notes", 4096)])
def test_texts_of_maximum_length_are_accepted(shop: Shop, field: str, length: int) -> None:
    assert len(shop.release(**{field: "n" * length})[field]) == length


@pytest.mark.embedded
@pytest.mark.parametrize("field", ["name", "version", "productId"])
def test_missing_required_fields_are_reported(shop: Shop, field: str) -> None:
    body = {"name": "R", "version": "1.0", "productId": shop.product.public_id}
    del body[field]
    answer = shop.client.send("post", "/v3/releases", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "REQUIRED_FIELD")


@pytest.mark.embedded
def test_future_creation_date_is_rejected(shop: Shop) -> None:
    body = {"name": "R", "version": "1.0", "productId": shop.product.public_id}
    body["createdAt"] = (timezone.now() + timedelta(days=1)).isoformat()
    assert shop.client.send("post", "/v3/releases", body).status_code == 400


def test_same_version_in_the_same_channel_is_a_conflict(shop: Shop) -> None:
    shop.release(version="1.0")
    body = {"name": "R", "version": "1.0.0", "productId": shop.product.public_id}
    answer = shop.client.send("post", "/v3/releases", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "RELEASE_EXISTS")
    assert shop.release(version="1.0", channel="beta")["channel"] == "beta"


@pytest.mark.embedded
def test_hidden_product_is_404(shop: Shop) -> None:
    body = {"name": "R", "version": "1.0", "productId": make_download(visibility="private").public_id}
    assert shop.client.send("post", "/v3/releases", body).status_code == 404


@pytest.mark.embedded
def test_outsider_can_read_but_not_change(shop: Shop) -> None:
    release, stranger = shop.published(), signed_in(make_user())
    path = f"/v3/releases/{release['id']}"
    assert stranger.get(path).json()["totalFiles"] == 1
    assert stranger.send("patch", path, {"name": "Mine"}).status_code == 403
    assert stranger.send("delete", path).status_code == 403


def test_patch_changes_only_what_it_names(shop: Shop) -> None:
    release = shop.release(notes="old", platforms=["linux"])
    answer = shop.client.send("patch", f"/v3/releases/{release['id']}", {"version": "1.1", "private": True})
    expected = release | {"version": "1.1", "private": True, "updatedAt": answer.json()["updatedAt"]}
    assert (answer.status_code, answer.json()) == (200, expected)


def test_stale_patch_is_refused(shop: Shop) -> None:
    release = shop.release()
    path = f"/v3/releases/{release['id']}"
    etag = shop.client.get(path)["ETag"]
    assert shop.client.send("patch", path, {"name": "A"}, headers={"If-Match": etag}).status_code == 200
    assert shop.client.send("patch", path, {"name": "B"}, headers={"If-Match": etag}).status_code == 412


@pytest.mark.embedded
def test_publish_needs_a_file(shop: Shop) -> None:
    answer = shop.act(shop.release(), "publish")
    assert (answer.status_code, answer.json()["code"]) == (400, "RELEASE_HAS_NO_FILES")


def test_published_release_is_sealed(shop: Shop) -> None:
    release = shop.published()
    assert (release["published"], release["publishedAt"] is not None) == (True, True)
    path = f"/v3/releases/{release['id']}"
    for body in ({"name": "X"}, {"version": "9.0"}, {"notes": "X"}, {"platforms": ["x"]}, {"channel": "beta"}):
        answer = shop.client.send("patch", path, body)
        assert (answer.status_code, answer.json()["code"]) == (409, "RELEASE_PUBLISHED")
    assert shop.client.send("patch", path, {"private": True}).json()["private"] is True
    assert shop.act(release, "archive").json()["archived"] is True
    assert shop.act(release, "publish").status_code == 200


@pytest.mark.embedded
def test_publishing_a_published_release_seals_it(shop: Shop) -> None:
    version = make_version(shop.product, "3.0.0", files=1)
    release = shop.get(f"/v3/releases/{version.public_id}").json()
    assert release["published"] is True
    assert shop.act(release, "publish").status_code == 200
    assert shop.client.send("patch", f"/v3/releases/{release['id']}", {"name": "X"}).status_code == 409


def test_unpublish_before_the_first_download_only(shop: Shop) -> None:
    release = shop.published()
    assert shop.act(release, "unpublish").json()["published"] is False
    assert shop.act(release, "unpublish").json()["code"] == "RELEASE_NOT_PUBLISHED"
    shop.act(release, "publish")
    fetch(shop.client, release["files"][0]["url"])
    answer = shop.act(release, "unpublish")
    assert (answer.status_code, answer.json()["code"]) == (409, "RELEASE_PUBLISHED")


def test_download_counted_by_the_worker_keeps_a_release_published_too(shop: Shop) -> None:
    release = shop.published()
    fetch(shop.client, release["files"][0]["url"], headers={"User-Agent": "searchbot/1.0"})
    aggregate_download_events()
    assert Version.objects.get().download_count == 0
    assert shop.act(release, "unpublish").status_code == 409


def test_archive_and_unarchive(shop: Shop) -> None:
    release = shop.published()
    assert shop.act(release, "archive").json() | {"updatedAt": ""} == release | {"archived": True, "updatedAt": ""}
    assert shop.act(release, "unarchive").json()["archived"] is False
    draft = shop.release(version="2.0")
    assert shop.act(draft, "archive").status_code == 409


def test_delete_hides_the_release_and_reserves_its_version(shop: Shop) -> None:
    release = shop.release()
    path = f"/v3/releases/{release['id']}"
    answer = shop.client.send("delete", path)
    assert (answer.status_code, answer.content) == (204, b"")
    assert shop.client.get(path).status_code == 404
    assert shop.get("/v3/releases").json() == []
    body = {"name": "R", "version": "1.0.0", "productId": shop.product.public_id}
    assert shop.client.send("post", "/v3/releases", body).status_code == 409


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["version"] for row in answer.json()]


def test_list_is_a_bare_array_with_totals_in_headers(shop: Shop) -> None:
    for number in range(3):
        shop.release(version=f"1.{number}")
    answer = shop.get("/v3/releases", limit=2, page=2)
    assert names(answer) == ["1.2"]
    assert [answer[f"Pagination-{name}"] for name in ("Count", "Page", "Limit")] == ["3", "2", "2"]
    assert names(shop.get("/v3/releases", page=9)) == []


@pytest.mark.embedded
@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "page=0", "page=-1", "page=1e3", "limit=٣"])
def test_page_parameters_out_of_range_are_rejected(shop: Shop, query: str) -> None:
    answer = shop.client.get(f"/v3/releases?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_FIELD")


ORDERS = [
    ("version", ["1.9", "1.10", "2.0"]),
    ("-version", ["2.0", "1.10", "1.9"]),
    ("+version", ["1.9", "1.10", "2.0"]),
    ("%2Bname,-version", ["2.0", "1.10", "1.9"]),
    ("createdAt", ["1.9", "2.0", "1.10"]),
    ("-publishedAt,version", ["1.9", "1.10", "2.0"]),
]


def test_releases_are_sorted_by_the_given_field(shop: Shop) -> None:
    shop.release(version="1.9", name="B", createdAt="2019-01-01T00:00:00Z")
    shop.release(version="1.10", name="B", createdAt="2021-01-01T00:00:00Z")
    shop.release(version="2.0", name="A", createdAt="2020-01-01T00:00:00Z")
    for sort, expected in ORDERS:
        assert names(shop.client.get(f"/v3/releases?sort={sort}")) == expected, sort


@pytest.mark.embedded
@pytest.mark.parametrize("sort", ["nothing", "-download__owner", "id;drop"])
def test_unknown_sort_is_refused(shop: Shop, sort: str) -> None:
    assert shop.get("/v3/releases", sort=sort).status_code == 400


def test_product_filter_and_its_stored_total(shop: Shop) -> None:
    shop.published(version="1.0")
    shop.release(version="2.0")
    make_version(make_download(), "7.0", files=1)
    answer = shop.get("/v3/releases", productId=shop.product.public_id)
    assert (names(answer), answer["Pagination-Count"]) == (["1.0", "2.0"], "2")
    stranger = signed_in(make_user()).get("/v3/releases", {"productId": shop.product.public_id})
    assert (names(stranger), stranger["Pagination-Count"]) == (["1.0"], "1")
    assert names(shop.get("/v3/releases", productId="nothing")) == []


def test_outsiders_see_neither_drafts_nor_private_releases(shop: Shop) -> None:
    shop.release(version="1.0")
    hidden = shop.published(version="2.0")
    shop.client.send("patch", f"/v3/releases/{hidden['id']}", {"private": True})
    shop.published(version="3.0")
    stranger = signed_in(make_user())
    answer = stranger.get("/v3/releases")
    assert (names(answer), answer["Pagination-Count"]) == (["3.0"], "1")
    assert stranger.get(f"/v3/releases/{hidden['id']}").status_code == 404


def test_releases_of_a_deleted_product_are_404(shop: Shop) -> None:
    release = shop.release()
    shop.client.send("delete", f"/v3/products/{shop.product.public_id}")
    assert shop.get("/v3/releases").json() == []
    assert shop.get(f"/v3/releases/{release['id']}").status_code == 404


@pytest.mark.embedded
def test_query_count_of_lists_with_1_and_4_rows_is_equal(shop: Shop) -> None:
    def count(rows: int) -> dict[str, int]:
        found = {}
        for path in ("/v3/releases", "/v3/release-files", "/v3/me/releases"):
            with CaptureQueriesContext(connection) as queries:
                answer = ApiClient(key).get(path)
            assert (answer.status_code, len(answer.json())) == (200, rows), path
            found[path] = len(queries)
        return found

    key = make_key(shop.owner)
    shop.published(version="1.0")
    ApiClient(key).get("/v3/releases")  # the key's last use is written once a minute
    few = count(1)
    for number in range(1, 4):
        make_version(make_download(shop.owner), f"1.{number}", files=1)
    assert few == count(4)
    assert max(few.values()) <= 6


@pytest.mark.embedded
def test_key_needs_the_scope(shop: Shop) -> None:
    reader = ApiClient(make_key(shop.owner, scopes=[Scope.RELEASE_READ]))
    assert reader.get("/v3/releases").status_code == 200
    answer = reader.send("post", "/v3/releases", {})
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


def test_bound_key_sees_its_product_only(shop: Shop) -> None:
    shop.published(version="1.0")
    other = make_version(make_download(shop.owner), "2.0", files=1)
    bound = ApiClient(make_key(shop.owner, download_ids=[shop.product.pk]))
    assert names(bound.get("/v3/releases")) == ["1.0"]
    assert bound.get(f"/v3/releases/{other.public_id}").status_code == 404


def test_idempotent_request_returns_the_same_response(shop: Shop) -> None:
    body = {"name": "R", "version": "1.0", "productId": shop.product.public_id}
    first, again = (
        shop.client.send("post", "/v3/releases", body, headers={"Idempotency-Key": "one"}) for _ in range(2)
    )
    assert (again.status_code, again.content) == (201, first.content)
    assert Version.objects.count() == 1
