"""The dashboard: figures with links to the rows behind them, for staff who may open those rows."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from files.hub_days import measure_hub_days
from files.models import DownloadDay
from releasehub.audit.chain import chain_rows
from releasehub.audit.heads import export_head
from releasehub.audit.models import AuditHead
from releasehub.operations.records import record_backup, record_failure
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.models import Endpoint
from tests.conftest import begin_with
from tests.factories import make_download, make_report, make_user, make_version, system

OPERATOR = ("view_backuprun", "view_endpoint", "view_delivery", "view_download", "view_blob", "view_downloadday")
PEOPLE: dict[str, tuple[str, ...]] = {
    "moderator": ("moderate_download", "view_auditentry"),
    "auditor": ("view_auditentry", "view_downloadday"),
    "operator": OPERATOR,
    "nobody": (),
}
TILES = {
    "moderator": {"Waiting for a moderator", "Open reports", "Storage used", "Failing endpoints", "Audit chain"},
    "auditor": {"Audit chain"},
    "operator": {"Storage used", "Failing endpoints", "Deliveries in the queue", "Files being checked", "Last backup",
                 "Release"},
    "nobody": set(),
}  # fmt: skip
CHARTS = {
    "moderator": {"downloads", "uploads", "bytes"},
    "auditor": {"downloads"},
    "operator": {"downloads", "uploads", "bytes"},
    "nobody": set(),
}


class Hub:
    def __init__(self) -> None:
        self.people = {
            name: make_user(name, is_staff=True, permissions=permissions) for name, permissions in PEOPLE.items()
        }
        self.people["root"] = make_user("root", is_staff=True, is_superuser=True)
        self.version = make_version(make_download(), files=2)
        DownloadDay.objects.create(file=self.version.files.first(), day=timezone.now().date(), downloads=1234)
        make_report(self.version.download)
        measure_hub_days()


pytestmark = [pytest.mark.django_db, begin_with(Hub), pytest.mark.embedded]


def shown_to(world: Hub, name: str) -> Any:
    client = Client()
    client.force_login(world.people[name])
    page = client.get("/admin/")
    assert page.status_code == 200
    return page


def tiles_of(world: Hub, name: str = "root") -> dict[str, Any]:
    return {tile.title: tile for tile in shown_to(world, name).context["tiles"]}


@pytest.mark.parametrize("name", PEOPLE)
def test_staff_see_only_what_they_may_open(world: Hub, name: str) -> None:
    page = shown_to(world, name)
    assert {tile.title for tile in page.context["tiles"]} == TILES[name]
    assert {chart.name for chart in page.context["charts"]} == CHARTS[name]


@pytest.mark.parametrize("name", [*PEOPLE, "root"])
def test_every_tile_and_chart_leads_to_a_page_that_opens(world: Hub, name: str) -> None:
    page = shown_to(world, name)
    client = Client()
    client.force_login(world.people[name])
    urls = [row.url for row in [*page.context["tiles"], *page.context["charts"]] if row.url]
    # A list with an unknown filter redirects to itself with ?e=1.
    assert {url: client.get(url).status_code for url in urls} == dict.fromkeys(urls, 200)


def test_charts_have_the_figures_as_bars_and_as_a_table(world: Hub) -> None:
    page = shown_to(world, "root")
    charts = {chart.name: chart for chart in page.context["charts"]}
    assert (charts["downloads"].total, charts["uploads"].total) == ("1234", "2")
    assert charts["downloads"].rows[0][1] == "1234"
    assert page.content.decode().count("<rect") == 3


def test_figures_lead_to_attention(world: Hub) -> None:
    endpoint, _ = create_endpoint(actor=system(), url="https://93.184.215.14/hook")
    tiles = tiles_of(world)
    assert (tiles["Open reports"].value, tiles["Open reports"].level) == ("1", "warning")
    assert (tiles["Failing endpoints"].value, tiles["Failing endpoints"].level) == ("0", "good")
    Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=timezone.now())
    tile = tiles_of(world)["Failing endpoints"]
    assert (tile.value, tile.level) == ("1", "bad")
    client = Client()
    client.force_login(world.people["root"])
    assert endpoint.url in client.get(tile.url).content.decode()


def test_backup_tile_tells_the_age_and_failures(world: Hub) -> None:
    assert tiles_of(world)["Last backup"].value == "never"
    record_backup("b1", target="disk", started_at=timezone.now(), figures={"size_bytes": 2048})
    tile = tiles_of(world)["Last backup"]
    assert (tile.level, "2.0\xa0KB" in tile.detail) == ("good", True)
    client = Client()
    client.force_login(world.people["operator"])
    assert client.get(tile.url).context["cl"].result_count == 1
    record_failure(target="disk", started_at=timezone.now(), error="The disk is full.")
    tile = tiles_of(world)["Last backup"]
    assert (tile.value, tile.level, "The disk is full." in tile.detail) == ("failed", "bad", True)


def test_audit_tile_notices_a_chain_that_lost_its_signed_end(world: Hub) -> None:
    chain_rows()
    export_head()
    assert tiles_of(world)["Audit chain"].value == "intact"
    AuditHead.objects.create(position=10**6, chain_hash="0" * 64, signature="forged")
    assert tiles_of(world)["Audit chain"].value == "broken"


def test_page_takes_the_same_number_of_queries(world: Hub, django_assert_max_num_queries: Any) -> None:
    counts = []
    client = Client()
    client.force_login(world.people["root"])
    client.get("/admin/")
    for rows in (0, 5):
        for _ in range(rows):
            make_report(make_version(make_download(), files=1).download)
            create_endpoint(actor=system(), url="https://93.184.215.14/hook")
        with django_assert_max_num_queries(60) as queries:
            assert client.get("/admin/").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
