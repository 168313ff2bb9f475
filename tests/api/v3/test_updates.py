"""Promises C9 and C10: the requests of installed programs."""

from __future__ import annotations

from typing import Any

import pytest

from files.models import File
from files.services import update_file
from releasehub.distribution.access_keys import issue_access_key
from tests.api.v3.shop import Shop, signed_in
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_user, make_version, system
from tests.undoing import undone


def ask(shop: Shop, what: str = "update", **query: Any) -> Any:
    asked = {"productId": shop.product.public_id, "platform": "windows"} | (
        {"version": "1.0"} if what == "update" else {}
    )
    return ApiClient().get(f"/v3/releases/{what}", asked | query)


def key_of(product: Any, **fields: Any) -> str:
    return issue_access_key(actor=system(), download=product, name="k", **fields)[1]


COMPARISONS = [
    ("1.2.3.5", "1.2.3.5", 204),
    ("1.2.3.4", "1.2.3.5", 200),
    ("1.2.3", "1.2.3.4", 204),
    ("1.2", "1.2.3.4", 204),
    ("1.9", "1.10", 200),
    ("1.2", "1.3.0.1", 200),
    ("2.0", "1.9.9", 204),
    ("1.2.0.0", "1.2", 204),
]


def test_update_check_compares_only_the_given_numbers(shop: Shop, subtests: pytest.Subtests) -> None:
    for installed, latest, status in COMPARISONS:
        with subtests.test(f"{installed} {latest}"), undone():
            release = make_version(shop.product, latest, files=1)
            answer = ask(shop, version=installed)
            assert (answer.status_code, answer.content == b"") == (status, status == 204)
            if status == 200:
                assert answer.json() == shop.get(f"/v3/releases/{release.public_id}").json()


def test_latest_release_or_404(shop: Shop) -> None:
    answer = ask(shop, "latest")
    assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
    release = shop.published(version="1.0")
    assert ask(shop, "latest", accountId="anything", channel="stable").json()["id"] == release["id"]


def test_update_contains_the_url_of_an_external_file(shop: Shop) -> None:
    version = make_version(shop.product, "2.0.0", state="published")
    file = make_file(version, platform="windows")
    File.objects.filter(pk=file.pk).update(blob=None, external_url="https://cdn.example.org/tool.zip")
    answer = ask(shop)
    assert answer.status_code == 200, answer.content
    assert [file["url"] for file in answer.json()["files"]] == ["https://cdn.example.org/tool.zip"]


def test_drafts_private_and_archived_releases_are_not_offered(shop: Shop) -> None:
    shop.release(version="2.0")
    hidden, archived = shop.published(version="3.0"), shop.published(version="4.0")
    shop.client.send("patch", f"/v3/releases/{hidden['id']}", {"private": True})
    shop.act(archived, "archive")
    assert ask(shop).status_code == 204


@pytest.mark.embedded
def test_platform_must_be_declared_by_the_release(shop: Shop) -> None:
    shop.published(version="2.0", platforms=["Windows", "linux"])
    expected = {"windows": 200, "Windows": 200, "linux": 200, "macos": 204}
    assert {platform: ask(shop, platform=platform).status_code for platform in expected} == expected


def test_files_of_other_platforms_are_excluded(shop: Shop) -> None:
    version = make_version(shop.product, "2.0")
    for platform in ("windows", "linux", ""):
        make_file(version, name=f"{platform or 'any'}.bin", platform=platform)
    assert {file["name"] for file in ask(shop).json()["files"]} == {"windows.bin", "any.bin"}


def test_default_channel_is_stable_and_beta_includes_stable(shop: Shop) -> None:
    beta = shop.published(version="3.0", channel="beta")
    stable = shop.published(version="2.0")
    assert ask(shop).json()["id"] == stable["id"]
    assert ask(shop, channel="Beta").json()["id"] == beta["id"]


@pytest.mark.embedded
@pytest.mark.parametrize("field", ["productId", "platform", "version"])
def test_missing_required_parameters_are_reported(shop: Shop, field: str) -> None:
    answer = ask(shop, **{field: ""})
    assert answer.status_code == 400
    assert field in answer.json()["message"]


@pytest.mark.embedded
@pytest.mark.parametrize("version", ["1", "1.2.3.4.5", "vv1.0", "1.٢", "1.0-rc"])
def test_version_is_two_to_four_numbers(shop: Shop, version: str) -> None:
    assert ask(shop, version=version).status_code == 400


@pytest.mark.embedded
def test_unknown_and_private_products_look_the_same(shop: Shop) -> None:
    private = make_download(visibility="private")
    make_version(private, "2.0", files=1)
    answers = [ask(shop, productId=text) for text in ("nothing", "\x01", "a" * 24, private.public_id)]
    assert {answer.status_code for answer in answers} == {404}
    assert ask(shop, productId=private.public_id, key=key_of(private)).status_code == 200


@pytest.mark.embedded
def test_invalid_keys_are_ignored_where_none_is_needed(shop: Shop) -> None:
    shop.published(version="2.0")
    hidden = make_download(visibility="private")
    for key in ("nothing", key_of(shop.product)[:-1] + "!", "ACME-1234-5678-90"):
        assert ask(shop, key=key).status_code == 200
        for product in (hidden.public_id, "nothing"):
            answer = ask(shop, productId=product, key=key)
            assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


@pytest.mark.embedded
def test_keys_of_other_products_are_rejected(shop: Shop) -> None:
    shop.published(version="2.0")
    answer = ask(shop, key=key_of(make_download()))
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")


def test_secured_release_is_offered_only_with_access(shop: Shop) -> None:
    file = make_file(make_version(shop.product, "2.0"))
    update_file(actor=system(), file=file, is_secured=True)
    assert ask(shop).status_code == 403
    assert ask(shop, key=key_of(shop.product)).status_code == 200
    query = {"productId": shop.product.public_id, "platform": "windows", "version": "1.0"}
    assert signed_in(make_user()).get("/v3/releases/update", query).status_code == 200


@pytest.mark.embedded
def test_available_and_allowed_updates_are_distinguished(shop: Shop) -> None:
    """A license up to 1.5: 30 means allowed, 31 none, 32 available but not allowed."""
    shop.published(version="2.0")
    key = key_of(shop.product, highest_number="1.5")
    assert ask(shop, key=key).json()["version"] == "2.0"
    assert ask(shop, key=key, allowed="true").status_code == 204
    shop.published(version="1.5.2")
    assert ask(shop, key=key, allowed="true").json()["version"] == "1.5.2"
    assert ask(shop, key=key, allowed="false").json()["version"] == "2.0"


@pytest.mark.embedded
def test_unchanged_update_response_is_304(shop: Shop) -> None:
    shop.published(version="2.0")
    first = ask(shop)
    query = {"productId": shop.product.public_id, "platform": "windows", "version": "1.0"}
    again = ApiClient().get("/v3/releases/update", query, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.embedded
def test_update_is_not_parsed_as_a_release_id(shop: Shop) -> None:
    assert shop.client.send("patch", "/v3/releases/update", {}).status_code == 405
