"""Products, which are the downloads of the v3 dialect."""

from __future__ import annotations

from typing import Any

import pytest

from downloads.models import Download
from releasehub.apikeys.scopes import Scope
from tests.api.v3.shop import Shop, signed_in
from tests.conftest import ApiClient
from tests.factories import make_category, make_download, make_key, make_user, make_version


def test_product_has_exactly_the_documented_fields(shop: Shop) -> None:
    product = shop.get(f"/v3/products/{shop.product.public_id}").json()
    assert product.keys() == {
        "id", "createdAt", "updatedAt", "name", "displayName", "description", "publicKey", "totalLicenses",
        "totalTrialActivations", "totalReleases", "totalProductVersions", "totalFeatureFlags", "licensePolicy",
        "trialPolicy", "metadata", "secured",
    }  # fmt: skip
    assert (product["name"], product["displayName"]) == (shop.product.title, shop.product.title)


def test_release_count_includes_visible_releases_only(shop: Shop) -> None:
    shop.release(version="1.0")
    shop.published(version="2.0")
    path = f"/v3/products/{shop.product.public_id}"
    assert shop.get(path).json()["totalReleases"] == 2
    assert signed_in(make_user()).get(path).json()["totalReleases"] == 1


def test_create_change_delete(shop: Shop) -> None:
    created = shop.client.send("post", "/v3/products", {"name": "acme", "displayName": "Acme", "description": None})
    assert (created.status_code, created.json()["displayName"], created.json()["description"]) == (201, "Acme", "")
    path = f"/v3/products/{created.json()['id']}"
    changed = shop.client.send("patch", path, {"name": "Acme 2", "description": "*new*"}).json()
    assert (changed["name"], changed["description"]) == ("Acme 2", "*new*")
    assert shop.client.send("delete", path).status_code == 204
    assert shop.get(path).status_code == 404
    assert Download.all_objects.get(public_id=created.json()["id"]).is_deleted


def test_version_scheme_decides_which_releases_are_accepted(shop: Shop) -> None:
    created = shop.client.send("post", "/v3/products", {"name": "acme", "versionScheme": "semver"}).json()
    product = Download.objects.get(public_id=created["id"])
    body = {"name": "R", "version": "1.0", "channel": "stable", "platforms": [], "productId": product.public_id}
    assert shop.client.send("post", "/v3/releases", body).status_code == 400
    path = f"/v3/products/{product.public_id}"
    assert shop.client.send("patch", path, {"versionScheme": "build"}).status_code == 200
    assert shop.client.send("post", "/v3/releases", body).status_code == 201
    for number in ("1.1.0+1", "1.1.0+2"):
        make_version(product, number)
    refused = shop.client.send("patch", path, {"versionScheme": "semver"})
    assert refused.status_code == 409
    assert {"1.1.0+1", "1.1.0+2"} <= set(refused.json()["message"].split())


def test_category_must_accept_products(shop: Shop) -> None:
    closed, named = make_category("A", accepts_downloads=False), make_category("Z")
    answer = shop.client.send("post", "/v3/products", {"name": "a", "categoryId": named.public_id})
    assert Download.objects.get(public_id=answer.json()["id"]).category == named
    refused = shop.client.send("post", "/v3/products", {"name": "a", "categoryId": closed.public_id})
    assert refused.status_code == 403
    assert shop.client.send("post", "/v3/products", {"name": "a", "categoryId": "nothing"}).status_code == 400


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "n" * 151}, {"name": 1.5, "displayName": []}])
def test_invalid_products_are_rejected(shop: Shop, body: dict[str, Any]) -> None:
    assert shop.client.send("post", "/v3/products", body).status_code == 400


def test_hidden_products_are_404_and_visible_ones_read_only(shop: Shop) -> None:
    hidden, stranger = make_download(shop.owner, visibility="private"), signed_in(make_user())
    assert stranger.get(f"/v3/products/{hidden.public_id}").status_code == 404
    assert [row["id"] for row in stranger.get("/v3/products").json()] == [shop.product.public_id]
    path = f"/v3/products/{shop.product.public_id}"
    assert stranger.send("patch", path, {"name": "x"}).status_code == 403
    assert stranger.send("delete", path).status_code == 403


def test_list_filters_and_sorts(shop: Shop) -> None:
    for title in ("Zebra", "Ant"):
        make_download(shop.owner, title=title)
    assert [row["name"] for row in shop.get("/v3/products", sort="-name", limit=1).json()] == ["Zebra"]
    assert [row["name"] for row in shop.get("/v3/products", search="ant").json()] == ["Ant"]
    assert [row["name"] for row in shop.get("/v3/products", name="Ant").json()] == ["Ant"]


def test_list_takes_the_same_queries_for_many_rows(shop: Shop, django_assert_max_num_queries: Any) -> None:
    for _ in range(20):
        make_download(shop.owner)
    client = ApiClient(make_key(shop.owner))
    client.get("/v3/products")
    with django_assert_max_num_queries(4):
        assert len(client.get("/v3/products").json()) == 21


def test_scopes_are_those_of_products(shop: Shop) -> None:
    client = ApiClient(make_key(shop.owner, scopes=[Scope.RELEASE_READ, Scope.RELEASE_WRITE]))
    assert client.get("/v3/products").status_code == 403
    reader = ApiClient(make_key(shop.owner, scopes=[Scope.PRODUCT_READ]))
    assert reader.get("/v3/products").status_code == 200
    assert reader.send("post", "/v3/products", {"name": "a"}).status_code == 403
