"""Many delete one row at the same time, through every API and the admin: one deletes it, the others are told so."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from downloads.models import Download, PageView
from downloads.services import entity_category
from files.models import Blob, DownloadGrant, File, UploadSession
from files.storage import blob_storage
from files.uploads import verification
from files.uploads.ending import complete_upload
from files.uploads.sessions import begin_upload, open_incoming
from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.distribution import counting, page_views
from releasehub.importing import carrying_out
from releasehub.importing.leases import claim_run
from releasehub.importing.models import ImportedRelease
from releasehub.importing.opening import open_source
from releasehub.importing.services import add_source, start_run
from releasehub.publishing.purge import purge_deleted
from releasehub.webhooks.models import Event
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_key, make_user, make_version, system
from tests.racing import at_once, wait_until_blocked
from versions.models import Version

pytestmark = [
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
    ),
    pytest.mark.django_db(transaction=True),
]
CALLERS = 4
DONE, REFUSED = "done", "refused"
Call = Callable[[], Any]
SOFT = {"download": "download.delete_soft", "version": "version.delete_soft", "file": "file.delete_soft"}
HARD = {"download": "download.delete_hard", "version": "version.delete_hard", "file": "file.delete_hard"}


class World:
    """One download with one version and one file, which every API can reach; the owner may do everything."""

    def __init__(self, settings: Any) -> None:
        self.root = make_user(is_staff=True, is_superuser=True)
        self.key = make_key(self.root)
        self.download = make_download(self.root, slug="tool", category=entity_category())
        settings.ENGINE_DOWNLOAD = "tool"
        self.version = make_version(self.download, "1.0.0")
        self.file = make_file(self.version)

    def row(self, kind: str) -> Any:
        return {"download": self.download, "version": self.version, "file": self.file}[kind]

    def over_mc_dm(self, kind: str) -> Call:
        return self._sending(f"/api/mc-dm-{kind}s/{self.row(kind).pk}/", {"hard": True})

    def over_v3(self, kind: str) -> Call:
        noun = {"download": "products", "version": "releases", "file": "release-files"}[kind]
        return self._sending(f"/v3/{noun}/{self.row(kind).public_id}")

    def over_engine(self, kind: str) -> Call:
        assert self.file.blob is not None
        paths = {"version": f"/version/{self.version.public_id}", "file": f"/version_file/{self.file.blob.sha512}"}
        return self._sending(paths[kind])

    def over_entity(self, kind: str) -> Call:
        return self._sending(f"/api/entities/{self.download.public_id}")

    def over_admin(self, kind: str) -> Call:
        return self._acting(kind, "erase", "permanently deleted")

    def over_admin_softly(self, kind: str) -> Call:
        return self._acting(kind, "delete", "deleted")

    def _sending(self, url: str, body: Any = None) -> Call:
        client = ApiClient(self.key, raise_request_exception=False)

        def call() -> str:
            answer = client.send("delete", url, body, headers={"User-Agent": "tests/1 (example.com)"})
            return judged(answer.status_code, answer.content)

        return call

    def _acting(self, kind: str, name: str, done: str) -> Call:
        """The admin answers a refusal with a message on the page it leads back to, or 404."""
        row, client = self.row(kind), Client(raise_request_exception=False)
        client.force_login(self.root)
        url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_act", args=[row.pk, name])
        typed = {"download": self.download.slug, "version": self.version.number, "file": self.file.filename}[kind]
        body = {"confirmed": "1", "confirmation": typed if name == "erase" else ""}

        def call() -> str:
            answer: Any = client.post(url, body)
            if answer.status_code != 302:
                assert answer.status_code in {404, 409}, answer.content
                return REFUSED
            told = [str(message) for message in get_messages(answer.wsgi_request)]
            assert len(told) == 1, told
            return DONE if told == [f"1 {done}."] else REFUSED

        return call


def judged(status: int, content: bytes) -> str:
    assert status < 300 or status in {404, 409, 410}, (status, content)
    return DONE if status < 300 else REFUSED


def ends_of(calls: list[Call]) -> Counter[str]:
    """Run the calls at once. A call that failed its check, or raised, fails the test."""
    ends = at_once(calls)
    assert [end for end in ends if not isinstance(end, str)] == []
    return Counter(ends)


def recorded(action: str, row: Model) -> int:
    return AuditEntry.objects.filter(action=AuditAction(action), target_id=row.pk).count()


def told(kind: str, row: Model) -> int:
    return Event.objects.filter(type=f"{kind}.deleted", object_id=row.pk).count()


def counts_are_true(world: World) -> None:
    """What is left agrees with itself: the counts on the parents, and no file without its version."""
    for download in Download.all_objects.all():
        assert download.version_count == Version.objects.filter(download=download).count()
    for version in Version.all_objects.all():
        assert version.file_count == File.objects.passed().filter(version=version).count()
    assert set(File.all_objects.values_list("version_id")) <= set(Version.all_objects.values_list("pk"))
    assert Blob.objects.count() <= 1


HARD_WAYS = [(way, kind) for way in (World.over_mc_dm, World.over_admin) for kind in HARD]
SOFT_WAYS = [
    *((World.over_v3, kind) for kind in SOFT),
    *((World.over_engine, kind) for kind in ("version", "file")),
    (World.over_entity, "download"),
    *((World.over_admin_softly, kind) for kind in SOFT),
]


@pytest.mark.parametrize(("way", "kind"), HARD_WAYS)
def test_row_is_erased_once(way: Callable[[World, str], Call], kind: str, settings: Any) -> None:
    world = World(settings)
    row = world.row(kind)
    assert ends_of([way(world, kind) for _ in range(CALLERS)]) == {DONE: 1, REFUSED: CALLERS - 1}
    assert not type(row).all_objects.filter(pk=row.pk).exists()
    assert (recorded(HARD[kind], row), told(kind, row)) == (1, 1)
    counts_are_true(world)


@pytest.mark.parametrize(("way", "kind"), SOFT_WAYS)
def test_row_is_hidden_once(way: Callable[[World, str], Call], kind: str, settings: Any) -> None:
    world = World(settings)
    row = world.row(kind)
    assert ends_of([way(world, kind) for _ in range(CALLERS)]) == {DONE: 1, REFUSED: CALLERS - 1}
    assert type(row).all_objects.get(pk=row.pk).is_deleted
    assert (recorded(SOFT[kind], row), told(kind, row)) == (1, 1)
    counts_are_true(world)


@pytest.mark.parametrize("kind", HARD)
def test_concurrent_deletions_delete_the_row_once(kind: str, settings: Any) -> None:
    """Hiding may still succeed before the row is erased, and only once."""
    world = World(settings)
    row = world.row(kind)
    ways = [way for way, takes in (*HARD_WAYS, *SOFT_WAYS) if takes == kind]
    ends_of([way(world, kind) for way in ways])
    assert not type(row).all_objects.filter(pk=row.pk).exists()
    assert recorded(HARD[kind], row) == 1
    assert recorded(SOFT[kind], row) <= 1
    assert told(kind, row) == recorded(HARD[kind], row) + recorded(SOFT[kind], row)
    counts_are_true(world)


def test_concurrent_deletions_of_a_tree_leave_nothing(settings: Any) -> None:
    """Who deletes the file, the version and the download at the same time neither deadlocks nor leaves anything."""
    world = World(settings)
    ends_of([way(world, kind) for way, kind in (*HARD_WAYS, *SOFT_WAYS)])
    assert not Download.all_objects.exists()
    assert not Version.all_objects.exists()
    assert not File.all_objects.exists()
    assert recorded(HARD["download"], world.download) == 1
    for kind in HARD:
        assert recorded(HARD[kind], world.row(kind)) <= 1


@pytest.mark.parametrize("kind", HARD)
def test_retention_skips_rows_deleted_concurrently(kind: str, settings: Any) -> None:
    world = World(settings)
    other = make_file(make_version(make_download(), "2.0.0"))
    for row in (world.row(kind), other):
        row.mark_deleted(by=None, reason="")
    ends = at_once([world.over_mc_dm(kind), *[lambda: purge_deleted(older_than=timedelta(0))] * 2])
    assert [end for end in ends if isinstance(end, BaseException)] == []
    assert not File.all_objects.filter(pk=other.pk).exists()
    assert recorded(HARD[kind], world.row(kind)) == 1


@pytest.mark.parametrize("kind", HARD)
def test_retention_skips_rows_restored_concurrently(kind: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(settings)
    row = world.row(kind)
    row.mark_deleted(by=None, reason="")

    def restored_meanwhile(rows: Any) -> list[Any]:
        found = list(rows)
        type(row).all_objects.filter(pk=row.pk).update(deleted_at=None)
        return found

    monkeypatch.setattr("releasehub.publishing.purge_registry.list", restored_meanwhile, raising=False)
    assert sum(purge_deleted(older_than=timedelta(0)).values()) == 0
    assert type(row).all_objects.filter(pk=row.pk).exists()


class Erasing:
    """A permanent deletion that another thread begins in the middle of the work of a task."""

    def __init__(self, world: World, kind: str) -> None:
        self.ends: list[Any] = []
        self._thread = Thread(target=lambda: self.ends.extend(at_once([world.over_mc_dm(kind)])))

    def before(self, call: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with the deletion before its first call: it begins, and then waits for a lock."""

        def wrapped(*args: Any, **options: Any) -> Any:
            if self._thread.ident is None:
                self._thread.start()
                wait_until_blocked()
            return call(*args, **options)

        return wrapped

    def end(self) -> list[Any]:
        self._thread.join()
        return self.ends


@pytest.mark.parametrize("kind", HARD)
def test_counting_and_a_deletion_take_their_locks_in_one_order(
    kind: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(settings)
    erasing = Erasing(world, kind)
    monkeypatch.setattr(counting, "_first_of_the_hour", erasing.before(counting._first_of_the_hour))
    DownloadGrant.objects.create(file=world.file, visitor="somebody")
    assert counting.aggregate_download_events() == 1
    assert erasing.end() == [DONE]


def test_views_and_a_deletion_take_their_locks_in_one_order(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(settings)
    erasing = Erasing(world, "download")
    monkeypatch.setattr(page_views, "Counter", erasing.before(Counter))
    PageView.objects.create(download=world.download, visitor="somebody", hour=timezone.now())
    assert page_views.aggregate_page_views() == 1
    assert erasing.end() == [DONE]


@pytest.mark.parametrize("kind", ["download", "version"])
def test_verification_and_a_deletion_take_their_locks_in_one_order(
    kind: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(settings)
    upload = uploaded(world.version)
    erasing = Erasing(world, kind)
    monkeypatch.setattr(verification, "add_file", erasing.before(verification.add_file))
    assert verification.verify_upload(upload.pk) in {UploadSession.State.CONFIRMED, None}
    assert erasing.end() == [DONE]


def test_an_import_and_a_deletion_take_their_locks_in_one_order(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(settings)
    source = add_source(actor=system(), download=world.download, kind="github", address="acme/tool", is_command=True)
    run = start_run(actor=system(), source=source)
    release = ImportedRelease.objects.create(
        source=source, key="1", last_run=run, tag="v9.0.0", number="9.0.0", decision="create"
    )
    lease = claim_run(run.pk, lambda text: None)
    assert lease is not None
    erasing = Erasing(world, "download")
    monkeypatch.setattr(carrying_out, "create_version", erasing.before(carrying_out.create_version))
    carrying_out.carry_out(lease=lease, source=open_source(source), row=release)
    assert erasing.end() == [DONE]


def uploaded(version: Version) -> UploadSession:
    """Return an upload of a new file whose bytes have arrived."""
    incoming = open_incoming(size_bytes=5, part_bytes=0)
    upload = begin_upload(actor=system(), version=version, filename="new.bin", incoming=incoming)
    blob_storage().write_part(upload.incoming, 1, b"bytes")
    return complete_upload(actor=system(), upload=upload)
