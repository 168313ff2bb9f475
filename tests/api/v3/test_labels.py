"""Promise C18: named channels and platforms."""

from __future__ import annotations

from typing import Any

import pytest

from releasehub.audit.models import AuditEntry
from tests.api.v3.shop import Shop, signed_in
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_user

FIELDS = {"id", "createdAt", "updatedAt", "name", "displayName", "description", "productId", "productIds"}
BOTH = pytest.mark.parametrize("kind", ["release-channels", "release-platforms"])


def create(shop: Shop, kind: str, **fields: Any) -> Any:
    body = {"name": "beta", "displayName": "Beta", "productIds": [shop.product.public_id]} | fields
    return shop.client.send("post", f"/v3/{kind}", body)


@BOTH
def test_create_and_get(shop: Shop, kind: str) -> None:
    answer = create(shop, kind, name=" Beta ", description="For the brave")
    label = answer.json()
    assert (answer.status_code, label.keys()) == (201, FIELDS)
    assert (label["name"], label["displayName"], label["description"]) == ("Beta", "Beta", "For the brave")
    assert (label["productId"], label["productIds"]) == (shop.product.public_id, [shop.product.public_id])
    assert shop.get(f"/v3/{kind}/{label['id']}").json() == label
    assert AuditEntry.objects.filter(action=f"{kind[8:-1]}.create").count() == 1


@BOTH
def test_a_change_with_an_idempotency_key_is_replayed(shop: Shop, kind: str) -> None:
    path = f"/v3/{kind}/{create(shop, kind).json()['id']}"
    answers = [
        shop.client.send("patch", path, {"displayName": "B"}, headers={"Idempotency-Key": "once"}) for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[1]["Idempotent-Replayed"] == "true"
    headers = {"Idempotency-Key": "gone"}
    assert [shop.client.send("delete", path, headers=headers).status_code for _ in range(2)] == [204, 204]


@BOTH
def test_patch_and_delete(shop: Shop, kind: str) -> None:
    label = create(shop, kind).json()
    path, other = f"/v3/{kind}/{label['id']}", make_download(shop.owner)
    changed = shop.client.send("patch", path, {"displayName": "B", "productIds": [other.public_id]}).json()
    assert changed | {"updatedAt": ""} == label | {
        "displayName": "B", "productId": other.public_id, "productIds": [other.public_id], "updatedAt": "",
    }  # fmt: skip
    assert shop.client.send("delete", path).status_code == 204
    assert shop.get(path).status_code == 404


@pytest.mark.embedded
@BOTH
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""), ("name", "n" * 257), ("displayName", ""), ("displayName", None), ("productIds", "x"),
        ("productIds", ["nothing"]), ("productIds", ["\x00"]), ("description", "d" * 1001),
    ],
)  # fmt: skip
def test_invalid_values_are_rejected(shop: Shop, kind: str, field: str, value: Any) -> None:
    answer = create(shop, kind, **{field: value})
    assert answer.status_code == 400
    assert field in answer.json()["message"]


@pytest.mark.embedded
@BOTH
def test_older_single_product_is_understood(shop: Shop, kind: str) -> None:
    body = {"name": "x", "displayName": "X", "productId": shop.product.public_id}
    assert shop.client.send("post", f"/v3/{kind}", body).json()["productIds"] == [shop.product.public_id]


@BOTH
def test_same_name_for_the_same_product_is_a_conflict(shop: Shop, kind: str) -> None:
    create(shop, kind)
    answer = create(shop, kind)
    assert (answer.status_code, answer.json()["code"]) == (409, "LABEL_NAME_TAKEN")
    assert create(shop, kind, productIds=[make_download(shop.owner).public_id]).status_code == 201


@pytest.mark.embedded
@BOTH
def test_only_moderators_can_create_labels_for_all_products(shop: Shop, kind: str) -> None:
    assert create(shop, kind, productIds=[]).status_code == 403
    moderator = signed_in(make_user(is_staff=True, permissions=("moderate_download",)))
    body = {"name": "beta", "displayName": "Beta"}
    assert moderator.send("post", f"/v3/{kind}", body).json()["productIds"] == []
    assert moderator.send("post", f"/v3/{kind}", body).status_code == 409
    seen = shop.get(f"/v3/{kind}").json()
    assert [label["name"] for label in seen] == ["beta"]
    assert shop.client.send("patch", f"/v3/{kind}/{seen[0]['id']}", {"displayName": "Mine"}).status_code == 403


@pytest.mark.embedded
@BOTH
def test_hidden_products_are_not_revealed(shop: Shop, kind: str) -> None:
    hidden = make_download(shop.owner, visibility="private")
    create(shop, kind, name="both", productIds=[shop.product.public_id, hidden.public_id])
    create(shop, kind, name="secret", productIds=[hidden.public_id])
    stranger = signed_in(make_user())
    found = stranger.get(f"/v3/{kind}")
    assert [(label["name"], label["productIds"]) for label in found.json()] == [("both", [shop.product.public_id])]
    assert found["Pagination-Count"] == "1"
    assert stranger.send("patch", f"/v3/{kind}/{found.json()[0]['id']}", {"displayName": "X"}).status_code == 403


@BOTH
def test_list_sorts_searches_and_takes_the_same_queries(
    shop: Shop, kind: str, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        create(shop, kind, name=f"name{number:02}", displayName=f"Word {99 - number}")
    found = shop.get(f"/v3/{kind}", sort="displayName", search="word", limit=2).json()
    assert [label["name"] for label in found] == ["name04", "name03"]
    key = ApiClient(make_key(shop.owner))
    key.get(f"/v3/{kind}")
    with django_assert_max_num_queries(5):
        assert len(key.get(f"/v3/{kind}").json()) == 5
