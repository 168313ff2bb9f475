"""Values and races that the database rejects are answered with 409, 400 or 404 and logged, in every interface."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import messages
from django.db import DataError, InternalError, OperationalError, connection, transaction
from django.test import Client
from django.urls import reverse
from psycopg.errors import ReadOnlySqlTransaction

from downloads.models import Category, Download
from releasehub.backoffice.policy_admin import each_row
from releasehub.core.database_errors import CANNOT_BE_STORED, CHANGED_MEANWHILE
from tests.conftest import begin_with
from tests.factories import make_category, make_file, make_key, make_user

pytestmark = pytest.mark.django_db


def break_unique(*args: Any, **kwargs: Any) -> Any:
    slug = make_category().slug
    with transaction.atomic():
        Category.objects.bulk_create([Category(title="Twin", slug=slug)])


def break_not_null(*args: Any, **kwargs: Any) -> Any:
    with transaction.atomic():
        Category.objects.filter(pk=make_category().pk).update(title=None)


def lose_row(*args: Any, **kwargs: Any) -> Any:
    Category.objects.get(pk=10**9)


def store_too_much(*args: Any, **kwargs: Any) -> Any:
    """Simulate the error, because SQLite never raises a DataError."""
    raise DataError("value too long")


def lose_database(*args: Any, **kwargs: Any) -> Any:
    raise OperationalError("terminating connection")


def write_to_standby(*args: Any, **kwargs: Any) -> Any:
    """Change something on a PostgreSQL server that became a standby. SQLite never raises this error."""
    if connection.vendor != "postgresql":
        raise InternalError from ReadOnlySqlTransaction()
    category = make_category()
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL transaction_read_only = on")
        category.delete()


def read_before_migrations(*args: Any, **kwargs: Any) -> Any:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM of_the_next_release")


def fail(*args: Any, **kwargs: Any) -> Any:
    raise RuntimeError("the inner secret")


REFUSALS: list[tuple[Callable[..., Any], int, str, str]] = [
    (break_unique, 409, CHANGED_MEANWHILE, "WARNING"),
    (break_not_null, 409, CHANGED_MEANWHILE, "ERROR"),
    (store_too_much, 400, CANNOT_BE_STORED, "WARNING"),
    (lose_row, 404, "", "WARNING"),
    (lose_database, 503, "", "ERROR"),
    (write_to_standby, 503, "", "ERROR"),
    (read_before_migrations, 503, "", "ERROR"),
    (fail, 500, "", "ERROR"),
]
# What each request runs into, and the request: pages, forms and the admin.
SURFACES: dict[str, tuple[str, str]] = {
    "front": ("releasehub.pages.views.with_summary", "/"),
    "download": ("releasehub.pages.contexts.find_download", "{download}"),
    "file": ("releasehub.pages.permalinks.find_newest", "/d/{slug}/latest/"),
    "admin list": ("releasehub.backoffice.downloads.DownloadAdmin.get_queryset", "{list}"),
    "admin form": ("releasehub.backoffice.downloads.DownloadAdmin.get_form", "{change}"),
    "middleware": ("releasehub.server.limit_middleware.count_anonymous", "/robots.txt"),
    "API": ("releasehub.api.mc_dm.download_viewsets.McDmDownloadViewSet.list", "/api/mc-dm-downloads/"),
    "API middleware": ("releasehub.server.limit_middleware.count_anonymous", "/api/"),
}


def build() -> Download:
    return make_file().version.download


@begin_with(build)
@pytest.mark.parametrize("surface", SURFACES)
def test_database_rejections_are_not_500(
    world: Download, surface: str, caplog: pytest.LogCaptureFixture, subtests: pytest.Subtests
) -> None:
    where, template = SURFACES[surface]
    download = world
    change = reverse("admin:downloads_download_change", args=[download.pk])
    url = template.format(
        download=download.path, slug=download.slug, change=change, list=reverse("admin:downloads_download_changelist")
    )
    client = Client(raise_request_exception=False)
    if "admin" in surface:
        client.force_login(make_user("root", is_staff=True, is_superuser=True))
    for happen, status, text, level in REFUSALS:
        caplog.clear()
        with subtests.test(happen.__name__), pytest.MonkeyPatch.context() as patch:
            patch.setattr(where, happen)
            answer: Any = client.get(url, headers={"Accept": "text/html"})
            assert answer.status_code == status
            assert text in answer.content.decode()
            assert b"secret" not in answer.content
            assert bool(answer.get("Retry-After")) == (status == 503)
            is_json = surface.startswith("API")
            assert answer["Content-Type"].startswith("application/json" if is_json else "text/html")
            assert any(record.exc_info and record.levelname == level for record in caplog.records)


def test_pages_and_apis_report_a_race_with_the_same_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("releasehub.pages.views.with_summary", break_unique)
    monkeypatch.setattr("releasehub.api.mc_dm.download_viewsets.McDmDownloadViewSet.list", break_unique)
    client = Client(raise_request_exception=False, headers={"XF-Api-Key": make_key()})
    page: Any = client.get("/", headers={"Accept": "application/json"})
    answer = client.get("/api/mc-dm-downloads/").json()["errors"][0]
    assert page.json() == {"error": "409", "message": CHANGED_MEANWHILE}
    assert (answer["code"], answer["message"]) == ("mc_dm_api_error.conflict", CHANGED_MEANWHILE)


def test_admin_list_action_continues_after_a_race(rf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """One row that another request changed does not stop the action for the rows after it; a fault of the hub does."""
    told: list[str] = []
    for level in ("error", "success"):
        monkeypatch.setattr(messages, level, lambda request, message: told.append(message))
    each_row(rf.post("/"), ["first", "second"], lambda row: break_unique() if row == "first" else None, "changed")
    assert told == [f"first: {CHANGED_MEANWHILE}", "1 changed."]
    with pytest.raises(RuntimeError):
        each_row(rf.post("/"), ["first"], fail, "changed")


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite stores texts of any length.")
def test_postgresql_refuses_a_value_that_no_rule_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def store(*args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            Category.objects.filter(pk=make_category().pk).update(title="x" * 10_000)

    monkeypatch.setattr("releasehub.pages.views.with_summary", store)
    answer: Any = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 400
