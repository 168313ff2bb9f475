"""The preview of a deletion tells exactly what the deletion erases."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from downloads.models import Download
from downloads.services import place_hold
from files.models import Blob, File
from files.storage import blob_storage
from releasehub.publishing.deletion import delete_download, delete_file, delete_version
from releasehub.publishing.erasure_preview import preview_purge, preview_rows
from releasehub.publishing.purge import purge_deleted
from releasehub.webhooks.endpoints import create_endpoint
from releasehub.webhooks.models import Endpoint
from tests.factories import make_comment, make_download, make_file, make_picture, make_user, make_version, system
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
COUNTED = {"downloads": Download, "versions": Version, "files": File}


def make_world() -> Download:
    """Create a download with two published files, a draft, shared bytes, a picture, a comment and an endpoint."""
    download = make_download(slug="tool")
    version = make_version(download, "1.0.0")
    make_file(version, name="a.bin", content=b"a" * 1000)
    make_file(version, name="b.bin", content=b"shared")
    make_file(make_version(download, "2.0.0", state="draft"), name="c.bin", content=b"c" * 500)
    make_file(name="other.bin", content=b"shared")
    make_picture(download)
    make_comment(download)
    create_endpoint(actor=system(), url="https://93.184.215.14/hook", download_id=download.pk)
    Blob.objects.update(claimed_until=None)  # the claims of the uploads would keep the bytes for ten minutes
    return download


def totals() -> dict[str, int]:
    rows = {name: model._base_manager.count() for name, model in COUNTED.items()}
    return rows | {"endpoints": Endpoint.objects.count(), "bytes": stored_bytes()}


def stored_bytes() -> int:
    storage = blob_storage()
    return sum(storage.size(key) or 0 for key in Blob.objects.values_list("storage_key", flat=True))


def test_preview_of_a_download_is_what_its_deletion_erases(local_storage: Any, run_tasks: Any) -> None:
    download = make_world()
    preview = preview_rows(Download.all_objects.filter(pk=download.pk))
    before = totals()
    with run_tasks():
        delete_download(actor=system(), download=download, hard=True)
    after = totals()
    erased = {name: before[name] - after[name] for name in before}
    assert {name: preview.counts[name] for name in COUNTED} == {name: erased[name] for name in COUNTED}
    assert (preview.counts["webhook endpoints"], preview.freed_bytes) == (erased["endpoints"], erased["bytes"])
    assert (preview.counts["comments"], preview.counts["pictures"]) == (1, 1)


def test_preview_counts_the_links_that_die(client: Client) -> None:
    download = make_world()
    preview = preview_rows(Download.all_objects.filter(pk=download.pk))
    urls = [f"/d/tool/1.0.0/{name}" for name in ("a.bin", "b.bin")]
    assert [client.head(url).status_code for url in urls] == [200, 200]
    assert (preview.working_links, preview.dead_links) == (2, 0)
    assert "2 permanent links will answer 410 (Gone)." in preview.lines()
    delete_download(actor=system(), download=download)
    gone = preview_rows(Download.all_objects.filter(pk=download.pk))
    assert (gone.working_links, gone.dead_links) == (0, 2)
    delete_download(actor=system(), download=download, hard=True)
    assert [client.head(url).status_code for url in urls] == [410, 410]


def test_preview_of_one_file_and_one_version() -> None:
    download = make_world()
    file = preview_rows(File.all_objects.filter(filename="a.bin"))
    assert (file.counts["files"], file.counts["versions"], file.freed_bytes, file.working_links) == (1, 0, 1000, 1)
    version = preview_rows(download.versions.filter(number="1.0.0"))
    assert (version.counts["files"], version.counts["versions"], version.freed_bytes) == (2, 1, 1000)


def test_purge_erases_what_its_preview_told(local_storage: Any, run_tasks: Any) -> None:
    download = make_world()
    other = make_version(make_download(title="Held"), "3.0.0", files=1)
    place_hold(actor=system(), download=other.download, reason="A case")
    delete_file(actor=system(), file=File.objects.get(filename="a.bin"))
    delete_version(actor=system(), version=download.versions.get(number="2.0.0"))
    delete_version(actor=system(), version=other)
    preview = preview_purge(timedelta())
    assert {name: preview.counts.get(name) for name in COUNTED} == {"downloads": 0, "versions": 1, "files": 2}
    assert (preview.held_count, preview.held) == (1, ["Held 3.0.0"])
    before = totals()
    with run_tasks():
        purge_deleted(older_than=timedelta())
    after = totals()
    assert before["bytes"] - after["bytes"] == preview.freed_bytes == 1500
    assert {name: before[name] - after[name] for name in COUNTED} == {"downloads": 0, "versions": 1, "files": 2}


def test_command_shows_what_goes_and_erases_nothing_in_a_dry_run() -> None:
    download = make_world()
    delete_download(actor=system(), download=download, reason="old")
    Download.all_objects.filter(pk=download.pk).update(deleted_at=timezone.now() - timedelta(days=40))
    told, counts = StringIO(), StringIO()
    call_command("purge_deleted", "--dry-run", stdout=counts, stderr=told)
    assert (
        "Permanently deletes 1 download, 2 versions, 3 files, 1 webhook endpoint, 1 picture, 1 comment."
        in told.getvalue()
    )
    assert "2 permanent links already answer 410 (Gone)" in told.getvalue()
    assert "Nothing was deleted permanently." in told.getvalue()
    assert Download.all_objects.filter(pk=download.pk).exists()
    call_command("purge_deleted", stdout=counts, stderr=told)
    assert counts.getvalue().startswith("1 downloads, 0 versions, 0 files")


def test_retention_without_end_previews_nothing(settings: Any) -> None:
    settings.RETENTION_DAYS = settings.COMMENT_RETENTION_DAYS = settings.REPORT_RETENTION_DAYS = 0
    assert preview_purge().lines() == ["Deleted rows are never purged, so nothing is deleted permanently."]


def test_admin_shows_the_preview_before_it_erases(client: Client) -> None:
    client.force_login(make_user("root", is_staff=True, is_superuser=True))
    download = make_world()
    url = reverse("admin:downloads_download_act", args=[download.pk, "erase"])
    page = client.get(url).content.decode()
    assert "Permanently deletes 1 download, 2 versions, 3 files" in page
    assert "2 permanent links will answer 410 (Gone)." in page
    listed = client.post(
        reverse("admin:downloads_download_changelist"), {"action": "erase", "_selected_action": [download.pk]}
    )
    assert "Permanently deletes 1 download, 2 versions, 3 files" in listed.content.decode()
    assert Download.objects.filter(pk=download.pk).exists()
