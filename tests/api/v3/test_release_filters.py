"""The filters of the list of releases. All tests begin with the same rows, which are made once."""

from __future__ import annotations

import pytest

from tests.api.v3.shop import Shop, open_shop
from tests.conftest import begin_with


def two_releases() -> Shop:
    """Open a shop with a published release and a draft that differs from it in everything that a filter looks at."""
    shop = open_shop()
    shop.published(version="1.0", platforms=["windows"])
    shop.release(
        version="2.0", name="Autumn", channel="beta", platforms=["linux", "mac os"], private=True,
        createdAt="2020-05-05T00:00:00Z",
    )  # fmt: skip
    return shop


pytestmark = [pytest.mark.django_db, begin_with(two_releases)]


FILTERS: list[tuple[dict[str, str], list[str]]] = [
    ({"name": "Autumn"}, ["2.0"]),
    ({"channel": "BETA"}, ["2.0"]),
    ({"version": "1.0"}, ["1.0"]),
    ({"platform": "Linux"}, ["2.0"]),
    ({"platform": "lin"}, []),
    ({"published": "true"}, ["1.0"]),
    ({"published": "False"}, ["2.0"]),
    ({"private": "true"}, ["2.0"]),
    ({"archived": "true"}, []),
    ({"archived": "false"}, ["2.0", "1.0"]),
    ({"search": "autu 2"}, ["2.0"]),
    ({"query": "spring"}, ["1.0"]),
    ({"createdAt[lt]": "2021-01-01"}, ["2.0"]),
    ({"createdAt[gte]": "2020-05-05T00:00:00Z", "createdAt[lte]": "2020-05-05T00:00:00"}, ["2.0"]),
    ({"createdAt[gt]": "2020-05-05T00:00:00Z"}, ["1.0"]),
    ({"createdAt": "2020-05-05T00:00:00+00:00"}, ["2.0"]),
    ({"publishedAt[gt]": "2020-01-01"}, ["1.0"]),
    ({"updatedAt[lt]": "2020-01-01"}, []),
]


def test_releases_are_filtered_by_each_parameter(world: Shop) -> None:
    for query, expected in FILTERS:
        answer = world.get("/v3/releases", sort="-version", **query)
        assert [release["version"] for release in answer.json()] == expected, query


@pytest.mark.parametrize(
    "query", ["published=maybe", "createdAt[gt]=soon", "name=a%00b", "productId=%00&published=x", "platform=%00"]
)
def test_unreadable_filters_are_refused(world: Shop, query: str) -> None:
    assert world.client.get(f"/v3/releases?{query}").status_code == 400
