"""The search over everything, saved filters, exports, and the chart of attempts."""

from __future__ import annotations

import csv
import json
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from downloads.models import Download
from files.models import Blob, File
from releasehub.accounts.models import User
from releasehub.apikeys.models import ApiKey
from releasehub.audit.models import AuditEntry
from releasehub.backoffice.attempt_chart import HEIGHT, bars_of
from releasehub.backoffice.global_search import KINDS
from releasehub.backoffice.models import SavedFilter
from releasehub.core.actor import Actor
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.search.refresh import rebuild_index
from releasehub.webhooks.attempt_days import AttemptDay, attempts_by_day
from releasehub.webhooks.endpoint_states import send_test_event
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.models import Attempt, Delivery, Endpoint
from tests.conftest import begin_with
from tests.factories import make_download, make_file, make_key, make_user, make_version, system
from versions.models import Version

FIND = "admin:find"


def build() -> dict[str, User]:
    people = {
        "root": make_user("root", is_staff=True, is_superuser=True),
        "support": make_user("support", is_staff=True, permissions=("view_user",)),
        "ann": make_user("ann", email="Ann@example.org"),
    }
    public = make_download(people["ann"], title="Quick Compass")
    make_file(make_version(public, "1.4.0"), name="compass.zip")
    make_version(make_download(people["ann"], title="Secret Compass", visibility="private"), "1.4.0", files=1)
    move(Move.YANK, actor=Actor(user=people["ann"], request_id="req-42"), version=Version.objects.earliest("pk"))
    make_key(people["ann"])
    rebuild_index()
    return people


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]


@pytest.fixture
def root(world: dict[str, User], client: Client) -> Client:
    client.force_login(world["root"])
    return client


def found(client: Client, text: str) -> dict[str, list[str]]:
    results = client.get(reverse(FIND), {"q": text}).context["results"]
    return {kind.title: [name for name, _ in kind.rows] for kind in results}


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("compass", {"Downloads"}),
        ("1.4.0", {"Versions"}),
        ("v1.4.0", {"Versions"}),
        ("COMPASS.zip", {"Files"}),
        ("ann@EXAMPLE.org", {"Users"}),
        ("ann", {"Users"}),
        ("req-42", {"Audit log"}),
        ("nothing-like-this", set()),
    ],
)
def test_one_box_finds_every_kind(root: Client, text: str, kinds: set[str]) -> None:
    results = set(found(root, text))
    assert results >= kinds
    assert results - kinds <= ({"Downloads"} if kinds else set())  # by words of the index, such as the author


def test_digests_public_ids_and_beginnings_of_keys_are_found(root: Client) -> None:
    blob, key = Blob.objects.earliest("pk"), ApiKey.objects.get()
    for text in (blob.sha256, blob.sha512, blob.sha256.upper()):
        assert set(found(root, text)) == {"Files"}
    assert set(found(root, File.objects.earliest("pk").public_id)) == {"Files"}
    assert set(found(root, key.prefix)) == {"API keys"}
    assert found(root, "rh_" + "0" * 42) == {}  # a whole key is not searched for


def test_staff_find_only_what_they_may_see(world: dict[str, User], client: Client) -> None:
    client.force_login(world["support"])
    assert found(client, "compass") == {"Downloads": ["Quick Compass"]}
    assert len(found(client, "1.4.0")["Versions"]) == 1
    assert found(client, "req-42") == {}
    client.force_login(world["ann"])
    assert client.get(reverse(FIND), {"q": "ann"}).status_code == 302


def test_number_of_queries_is_constant(root: Client) -> None:
    counts = []
    for rows in (1, 6):
        for _ in range(rows):
            make_file(make_version(make_download(), "7.0.0"), name="seven.zip")
        with CaptureQueriesContext(connection) as queries:
            root.get(reverse(FIND), {"q": "7.0.0"})
        counts.append(len(queries))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.model.__name__)
def test_every_kind_is_answered_by_an_index(world: Any, kind: Any) -> None:
    manager = getattr(kind.model, "all_objects", kind.model._default_manager)
    for text in ("1.4.0", "a" * 64, "ann@example.org", "rh_12345"):
        rows = kind.narrow(manager.all(), text)
        if rows is not None and connection.vendor == "sqlite":
            plan = rows.order_by().explain().splitlines()
            assert [line for line in plan if f"SCAN {kind.model._meta.db_table}" in line and "INDEX" not in line] == []


def test_filter_is_saved_used_replaced_and_deleted_by_its_user_alone(root: Client, world: dict[str, User]) -> None:
    url = reverse("admin:versions_version_filters")
    answer = root.post(url, {"name": "Drafts", "query": "state__exact=draft&p=3"})
    assert answer["Location"].endswith("/admin/versions/version/?state__exact=draft")
    root.post(url, {"name": "Drafts", "query": "state__exact=pending"})
    saved = SavedFilter.objects.get()
    assert (saved.user, saved.model, saved.query) == (world["root"], "versions.version", "state__exact=pending")
    page = root.get(reverse("admin:versions_version_changelist")).content.decode()
    assert '<a href="?state__exact=pending">Drafts</a>' in page
    assert "Drafts" not in root.get(reverse("admin:files_file_changelist")).content.decode()
    other = Client()
    other.force_login(world["support"])
    assert "Drafts" not in other.get(reverse("admin:versions_version_changelist")).content.decode()
    other.post(url, {"delete": saved.pk})
    assert SavedFilter.objects.exists()
    root.post(url, {"delete": saved.pk})
    assert not SavedFilter.objects.exists()


@pytest.mark.parametrize("values", [{"name": "", "query": "q=1"}, {"name": "x" * 61, "query": "q=1"}])
def test_invalid_filter_is_refused(root: Client, values: dict[str, str]) -> None:
    page = root.post(reverse("admin:versions_version_filters"), values, follow=True).content.decode()
    assert "Enter a name of 1 to 60 characters" in page
    assert not SavedFilter.objects.exists()


def exported(client: Client, model: str, form: str, **query: str) -> str:
    answer = client.get(reverse(f"admin:{model}_export", args=[form]), query)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]


def test_export_has_what_the_list_shows_and_is_audited(root: Client) -> None:
    Download.objects.filter(title="Quick Compass").update(title='=HYPERLINK("https://evil.example")')
    rows = list(csv.reader(StringIO(exported(root, "downloads_download", "csv", visibility__exact="public"))))
    assert rows[0][:3] == ["id", "title", "state"]
    assert [row[1] for row in rows[1:]] == ['\'=HYPERLINK("https://evil.example")']
    entry = AuditEntry.objects.get(action="list.export")
    assert entry.changes == {"list": "downloads.download", "format": "csv", "query": "visibility__exact=public"}


def test_export_as_json_has_numbers_and_times_for_programs(root: Client) -> None:
    rows = json.loads(exported(root, "files_file", "json"))
    assert {row["filename"] for row in rows} >= {"compass.zip"}
    assert all(type(row["size_bytes"]) is int for row in rows)
    assert json.loads(exported(root, "files_file", "json", q="no such file")) == []


def test_export_needs_the_right_to_see_the_list(world: dict[str, User], client: Client) -> None:
    client.force_login(world["support"])
    assert client.get(reverse("admin:audit_auditentry_export", args=["csv"])).status_code == 404
    assert client.get(reverse("admin:files_blob_export", args=["csv"])).status_code == 403
    assert client.get(reverse("admin:accounts_user_export", args=["xml"])).status_code == 404
    assert "password" not in exported(client, "accounts_user", "json")


def test_export_takes_the_same_number_of_queries_for_more_rows(root: Client) -> None:
    counts = []
    for rows in (1, 6):
        for _ in range(rows):
            make_version(files=1)
        with CaptureQueriesContext(connection) as queries:
            exported(root, "versions_version", "csv")
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_chart_counts_attempts_by_day(root: Client) -> None:
    endpoint: Endpoint = create_endpoint(actor=system(), url="https://93.184.215.14/hook")[0]
    send_test_event(actor=system(), endpoint=endpoint)
    delivery = Delivery.objects.get()
    for number, result in enumerate(("unreachable", "answered", "delivered"), start=1):
        Attempt.objects.create(
            delivery=delivery, number=number, result=result, started_at=timezone.now(), duration_ms=1, body_sha256="0"
        )
    days = attempts_by_day(endpoint)
    assert (len(days), days[-1]) == (14, AttemptDay(timezone.localdate(), delivered=1, failed=2))
    bar = bars_of(days)[-1]
    assert (bar["failed"], bar["delivered"] + bar["failed"]) == (round(HEIGHT * 2 / 3), HEIGHT)
    page = root.get(reverse("admin:webhooks_endpoint_change", args=[endpoint.pk])).content.decode()
    assert "Attempts by day: 1 delivered, 2 failed" in page
