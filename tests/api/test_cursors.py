"""Every list of the mc-dm and v3 dialects can be read with cursors, in every order, while rows are added."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core import signing
from django.db import connection
from django.test.utils import CaptureQueriesContext

from releasehub.api.common.cursors import signer
from releasehub.webhooks.endpoint_states import send_test_event
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.formats import Format
from tests.api.v3.shop import signed_in
from tests.conftest import ApiClient, begin_with
from tests.factories import make_category, make_download, make_file, make_key, make_user, make_version, system
from versions.models import NamedChannel
from versions.services import create_label

pytestmark = pytest.mark.django_db
HOOK = "https://93.184.215.14/hook"  # only validated, never connected to
COUNT = 5
MAX_PAGES = 20
MC_DM = {
    "categories": ["display_order", "title", "download_count"],
    "downloads": ["last_update", "created_date", "download_count", "view_count", "title"],
    "versions": ["release_date", "version_int", "download_count"],
    "files": ["display_order", "file_size", "download_count"],
    "webhooks": ["created_date", "title"],
    "deliveries": [""],
}
V3 = {
    "releases": ["", "createdAt", "-publishedAt", "publishedAt", "name,-version", "channel", "totalFiles"],
    "release-files": ["", "name"],
    "products": ["", "name", "-updatedAt"],
    "release-channels": ["", "displayName"],
    "personal-access-tokens": ["", "-expiresAt"],
    "webhooks": ["", "name"],
    "webhook-event-logs": ["", "-createdAt"],
    "me/releases": ["", "version"],
}


class World:
    """At least five rows in every list, of which many have equal values and some have none."""

    def __init__(self) -> None:
        self.owner = make_user(is_superuser=True, is_staff=True)
        self.client, self.v3 = ApiClient(make_key(self.owner)), signed_in(self.owner)
        for title in ("A", "B", "B", "C"):
            make_category(title)
        self.download = make_download(self.owner)
        for title in ("Same", "Same", "Other", "Tool"):
            make_download(self.owner, title=title)
        for number in ("1.0.0-rc.9", "1.0.0-rc.10", "1.0.0"):
            make_version(self.download, number, files=1)
        for number in ("2.0.0", "3.0.0"):
            make_version(self.download, number, state="draft")
        self.version = make_version(self.download, "4.0.0")
        for number in range(COUNT):
            make_file(self.version, name=f"{number}.zip", content=b"same")
            create_label(actor=system(), model=NamedChannel, name=f"c{number}", display_name="Same")
            token = {"name": "same", "scopes": ["release:read"], "expiresAt": _expiry(number)}
            assert self.v3.send("post", "/v3/personal-access-tokens", token).status_code == 201
            self.endpoint, _ = create_endpoint(
                actor=system(), url=HOOK, download_id=self.download.pk, title="Same", format=Format.V3
            )
        for _ in range(COUNT):
            send_test_event(actor=system(), endpoint=self.endpoint)

    def mc_dm(self, kind: str, order: str = "", after: str | None = None, per_page: int = 2) -> dict[str, Any]:
        path = f"webhooks/{self.endpoint.pk}/deliveries" if kind == "deliveries" else kind
        query: dict[str, Any] = {"order": order} if order else {}
        query |= {"download_id": self.download.pk} if kind == "versions" else {}
        query |= {"version_id": self.version.pk} if kind == "files" else {}
        answer = self.client.get(
            f"/api/mc-dm-{path}/", query | {"per_page": per_page} | ({"after": after} if after else {})
        )
        assert answer.status_code == 200, answer.content
        body = answer.json()
        return {"rows": body[kind], **body["pagination"]}

    def v3_page(self, kind: str, sort: str = "", after: str | None = None, limit: int = 2) -> dict[str, Any]:
        answer = self.v3.get(f"/v3/{kind}", {"sort": sort, "limit": limit} | ({"after": after} if after else {}))
        assert answer.status_code == 200, answer.content
        return {"rows": answer.json(), "next": answer.get("Pagination-Next"), "page": int(answer["Pagination-Page"])}


def _expiry(number: int) -> str | None:
    return datetime(2040, 1, 1 + number // 2, tzinfo=UTC).isoformat() if number % 2 else None


@pytest.fixture
def filled(world: World) -> World:
    return world


begin = begin_with(World)


def walk(read: Any, kind: str, order: str) -> Iterator[dict[str, Any]]:
    """Yield all pages of a list, following its cursors."""
    page = read(kind, order)
    yield page
    for _ in range(MAX_PAGES):
        if not page["next"]:
            return
        page = read(kind, order, page["next"])
        yield page
    raise AssertionError("The cursors do not come to an end.")


@begin
@pytest.mark.parametrize(("kind", "order"), [(kind, order) for kind, orders in MC_DM.items() for order in orders])
def test_mc_dm_cursors_give_the_same_rows_as_one_page(filled: World, kind: str, order: str) -> None:
    pages = list(walk(filled.mc_dm, kind, order))
    assert [row for page in pages for row in page["rows"]] == filled.mc_dm(kind, order, per_page=100)["rows"]
    assert [page["page"] for page in pages] == list(range(1, len(pages) + 1))
    assert len(pages) >= COUNT // 2


@begin
@pytest.mark.parametrize(("kind", "sort"), [(kind, sort) for kind, sorts in V3.items() for sort in sorts])
def test_v3_cursors_give_the_same_rows_as_one_page(filled: World, kind: str, sort: str) -> None:
    pages = list(walk(filled.v3_page, kind, sort))
    assert [row for page in pages for row in page["rows"]] == filled.v3_page(kind, sort, limit=100)["rows"]
    assert [page["page"] for page in pages] == list(range(1, len(pages) + 1))
    assert len(pages) >= COUNT // 2


@begin
def test_rows_that_are_added_meanwhile_shift_nothing(filled: World) -> None:
    before = [row["version_id"] for row in filled.mc_dm("versions", per_page=100)["rows"]]
    first = filled.mc_dm("versions")
    make_version(filled.download, "5.0.0")
    rest = filled.mc_dm("versions", after=first["next"], per_page=100)["rows"]
    assert [row["version_id"] for row in [*first["rows"], *rest]] == before


@begin
@pytest.mark.parametrize("after", ["x", "e30:x:y", "9" * 5000, "é"], ids=["x", "parts", "long", "é"])
def test_invalid_cursor_is_400(filled: World, after: str) -> None:
    answer = filled.client.get("/api/mc-dm-downloads/", {"after": after})
    assert (answer.status_code, answer.json()["errors"][0]["params"]["field"]) == (400, "after")
    assert filled.v3.get("/v3/products", {"after": after}).status_code == 400


@begin
def test_cursor_of_another_order_or_key_is_400(filled: World) -> None:
    cursor = filled.mc_dm("downloads", "title")["next"]
    for query in ({"order": "view_count"}, {"order": "title", "direction": "asc"}):
        assert filled.client.get("/api/mc-dm-downloads/", query | {"after": cursor}).status_code == 400
    content = signer().unsign_object(cursor)
    earlier = signing.dumps(content, salt="releasehub.api.cursor", compress=True)  # the form of earlier releases
    for forged in (signing.Signer(salt="other").sign_object(content), earlier):
        assert filled.client.get("/api/mc-dm-downloads/", {"order": "title", "after": forged}).status_code == 400


@begin
def test_same_page_has_the_same_cursor(filled: World) -> None:
    assert filled.mc_dm("downloads")["next"] == filled.mc_dm("downloads")["next"]


@begin
def test_cursor_takes_no_query_more_than_a_page_number(filled: World) -> None:
    cursor, v3_cursor = filled.mc_dm("downloads")["next"], filled.v3_page("products")["next"]

    def queries(read: Any, kind: str, after: str | None, size: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            read(kind, "", after, size)
        return len(captured)

    filled.mc_dm("downloads"), filled.v3_page("products")
    assert queries(filled.mc_dm, "downloads", cursor, 2) == queries(filled.mc_dm, "downloads", None, 2)
    assert queries(filled.mc_dm, "downloads", cursor, 100) == queries(filled.mc_dm, "downloads", None, 1)
    assert queries(filled.v3_page, "products", v3_cursor, 2) == queries(filled.v3_page, "products", None, 2)
