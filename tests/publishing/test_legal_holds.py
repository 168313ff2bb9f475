"""Nothing in a download under a legal hold is erased by any kind of deletion."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.db.models import ProtectedError
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from downloads.models import Download
from downloads.services import entity_category, lift_hold, place_hold
from files import tasks as file_tasks
from files.models import Blob, DownloadIcon, File, Picture
from files.pictures.services import receive_picture, remove_picture
from files.storage import blob_storage
from files.uploads.entity_icons import edit_entity
from releasehub.accounts.models import User
from releasehub.accounts.services.anonymizing import anonymize_user, close_account
from releasehub.accounts.services.handing_over import merge_accounts
from releasehub.audit.models import AuditEntry
from releasehub.community.models import Comment, Report, Review
from releasehub.community.services import delete_contribution, resolve_report
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, Denied, DomainError, Invalid
from releasehub.core.holds import held_download_ids
from releasehub.publishing.deletion import delete_download, delete_file, delete_version
from releasehub.publishing.purge import purge_deleted
from releasehub.webhooks.event_retention import prune_events
from releasehub.webhooks.events import EventType
from releasehub.webhooks.filters import TRAFFIC
from releasehub.webhooks.models import Delivery, Event
from releasehub.webhooks.pruning import prune_deliveries
from releasehub.webhooks.stream import number_events
from tests.conftest import ApiClient, begin_with
from tests.factories import (
    image_bytes,
    make_comment,
    make_download,
    make_file,
    make_key,
    make_picture,
    make_report,
    make_review,
    make_user,
    make_version,
    stage,
    system,
)
from tests.undoing import undone
from versions.models import Version

AGENT = {"User-Agent": "tests/1 (example.com)"}
LONG_AGO = timedelta(days=900)


@dataclass
class World:
    """A download under a legal hold with a row of every kind, all of them deleted and old enough to be purged."""

    root: User
    owner: User
    author: User
    download: Download
    version: Version
    file: File
    key: str


def build() -> World:
    owner, author, root = make_user("owner"), make_user("author"), make_user(is_staff=True, is_superuser=True)
    download = make_download(owner, slug="held", category=entity_category())
    version = make_version(download, "1.0.0")
    file = make_file(version, name="tool.bin")
    make_picture(download, "icon")
    DownloadIcon.objects.create(download=download, blob=file.blob, filename="i.png", storage_path="x")  # type: ignore[misc]
    resolve_report(actor=system(), report=make_report(download), note="Seen.")
    make_comment(download, author)
    make_review(download, author, text="Works.")
    Event.objects.create(type=EventType.TRAFFIC_STARTED, object_type=TRAFFIC, object_id=download.pk,
                         download_id=download.pk, data={})  # fmt: skip
    place_hold(actor=Actor(user=root), download=download, reason="Case 4711")
    return World(root, owner, author, download, version, file, make_key(root))


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]


def grow_old(world: World) -> None:
    """Delete every row that can be deleted, and let all retention periods pass."""
    past = timezone.now() - LONG_AGO
    for row in (*Comment.objects.all(), *Review.objects.all()):
        delete_contribution(actor=system(), row=row)
    delete_file(actor=system(), file=world.file)
    delete_version(actor=system(), version=world.version)
    delete_download(actor=system(), download=world.download)
    for model in (Download, Version, File, Comment, Review):
        model.all_objects.update(deleted_at=past)
    Report.objects.update(handled_at=past)


COVERED: tuple[tuple[Any, str], ...] = (
    (Download, "legal_hold"),
    (Version, "download__legal_hold"),
    (File, "version__download__legal_hold"),
    (Comment, "download__legal_hold"),
    (Review, "download__legal_hold"),
    (Report, "download__legal_hold"),
    (Picture, "download__legal_hold"),
    (DownloadIcon, "download__legal_hold"),
)


def lost(before: set[Any]) -> set[Any]:
    return before - covered()


def covered() -> set[Any]:
    """Return everything that the hold covers: rows, events, stored bytes, and the name of the author."""
    rows = {
        (model.__name__, pk)
        for model, path in COVERED
        for pk in model._base_manager.filter(**{f"{path}__isnull": False}).values_list("pk", flat=True)
    }
    events = {("Event", pk) for pk in Event.objects.values_list("pk", flat=True)}
    keys = Blob.objects.filter(files__isnull=False).values_list("storage_key", flat=True)
    stored = {("bytes", key) for key in keys if blob_storage().size(key) is not None}
    return rows | events | stored | {("name", user.username) for user in User.objects.all()}


def store_bytes() -> None:
    """Put the bytes of every blob into the storage of the test, which is empty at its start."""
    for key in Blob.objects.values_list("storage_key", flat=True):
        path = blob_storage().root / key  # type: ignore[attr-defined]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"content")


def over_api(method: str, path: Callable[[World], str], body: Any = None) -> Callable[[World], None]:
    def door(world: World) -> None:
        answer = ApiClient(world.key).send(method, path(world), body, headers=AGENT)
        assert answer.status_code in {204, 200, 404, 409}, answer.content

    return door


def over_admin(kind: str) -> Callable[[World], None]:
    def door(world: World) -> None:
        client = Client()
        client.force_login(world.root)
        row: Any = {"download": world.download, "version": world.version, "file": world.file}[kind]
        typed = {"download": "held", "version": world.version.number, "file": "tool.bin"}[kind]
        url = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_act", args=[row.pk, "erase"])
        answer: Any = client.post(url, {"confirmed": "1", "confirmation": typed})
        told = [str(message) for message in get_messages(answer.wsgi_request)]
        assert ["under a legal hold" in text for text in told] == [True], (told, answer.content)

    return door


def age_events(_: World) -> None:
    number_events()
    Delivery.objects.update(created_at=timezone.now() - LONG_AGO)
    Event.objects.update(occurred_at=timezone.now() - LONG_AGO)
    prune_deliveries()
    with override_settings(EVENT_RETENTION_DAYS=7):
        prune_events()


DOORS: dict[str, Callable[[World], Any]] = {
    "download": lambda w: delete_download(actor=system(), download=w.download, hard=True),
    "version": lambda w: delete_version(actor=system(), version=w.version, hard=True),
    "file": lambda w: delete_file(actor=system(), file=w.file, hard=True),
    "owner": lambda w: delete_download(actor=Actor(user=w.owner), download=w.download, hard=True),
    "comment": lambda w: delete_contribution(actor=system(), row=Comment.all_objects.get(), hard=True),
    "review": lambda w: delete_contribution(actor=system(), row=Review.all_objects.get(), hard=True),
    "picture": lambda w: remove_picture(actor=system(), picture=Picture.objects.get()),
    "other icon": lambda w: receive_picture(
        actor=system(), download=w.download, kind="icon", upload=stage(image_bytes(size=(64, 64)), "i.png")
    ),
    "entity icon": lambda w: edit_entity(actor=system(), download=w.download, icon_path=""),
    "purge": lambda w: purge_deleted(older_than=timedelta()),
    "purge command": lambda w: call_command("purge_deleted", "--older-than=0", "--no-input"),
    "old events": age_events,
    "unused blobs": lambda w: file_tasks.sweep_blobs(),
    "blobs by id": lambda w: file_tasks.erase_blobs(list(Blob.objects.values_list("pk", flat=True))),
    "garbage": lambda w: call_command("collect_garbage", "--older-than=-1"),
    "owner closes the account": lambda w: close_account(actor=Actor(user=w.owner), user=w.owner),
    "author closes the account": lambda w: close_account(actor=Actor(user=w.author), user=w.author),
    "staff merge the author": lambda w: merge_accounts(actor=system(), user=w.author, into=w.root, anonymize=True),
    "staff anonymize the owner": lambda w: anonymize_user(actor=system(), user=w.owner),
    "admin, download": over_admin("download"),
    "admin, version": over_admin("version"),
    "admin, file": over_admin("file"),
    "mc-dm, download": over_api("delete", lambda w: f"/api/mc-dm-downloads/{w.download.pk}/", {"hard": True}),
    "mc-dm, version": over_api("delete", lambda w: f"/api/mc-dm-versions/{w.version.pk}/", {"hard": True}),
    "mc-dm, file": over_api("delete", lambda w: f"/api/mc-dm-files/{w.file.pk}/", {"hard": True}),
    "v3, product": over_api("delete", lambda w: f"/v3/products/{w.download.public_id}"),
    "v3, release": over_api("delete", lambda w: f"/v3/releases/{w.version.public_id}"),
    "v3, file": over_api("delete", lambda w: f"/v3/release-files/{w.file.public_id}"),
    "engine": over_api("delete", lambda w: f"/version/{w.version.public_id}"),
    "entity": over_api("delete", lambda w: f"/api/entities/{w.download.public_id}"),
}


@pytest.mark.parametrize("is_old", [False, True])
def test_no_door_erases_what_is_held(
    world: World, is_old: bool, settings: Any, run_tasks: Any, local_storage: Any
) -> None:
    settings.ENGINE_DOWNLOAD = "held"
    store_bytes()
    if is_old:
        grow_old(world)
    before = covered()
    for name, door in DOORS.items():
        with undone():
            with suppress(DomainError), run_tasks():
                door(world)
            assert (name, lost(before)) == (name, set())


def test_doors_erase_after_the_hold_is_lifted(world: World, run_tasks: Any, local_storage: Any) -> None:
    """Once the hold is lifted, the purge deletes everything, and the account can be closed."""
    store_bytes()
    grow_old(world)
    before = covered()
    lift_hold(actor=Actor(user=world.root), download=world.download, reason="The case is closed.")
    with run_tasks():
        purge_deleted()
    assert {kind for kind, _ in lost(before)} >= {"Download", "Version", "File", "Comment", "Report", "bytes"}
    close_account(actor=Actor(user=world.author), user=world.author)
    assert not User.objects.filter(username="author").exists()


@pytest.mark.parametrize("path", ["downloads/{w.download.pk}/", "versions/{w.version.pk}/", "files/{w.file.pk}/"])
def test_hard_deletion_over_the_api_is_a_conflict(world: World, path: str) -> None:
    answer = ApiClient(world.key).send("delete", f"/api/mc-dm-{path.format(w=world)}", {"hard": True})
    assert answer.status_code == 409
    assert answer.json()["errors"][0]["code"] == "mc_dm_api_error.legal_hold"
    assert "under a legal hold" in answer.json()["errors"][0]["message"]
    assert "4711" not in answer.content.decode()  # the reason is for staff
    entry = AuditEntry.objects.latest("id")
    assert (entry.action, entry.download_id) == ("hard_delete.refused", world.download.pk)


def test_only_staff_with_the_right_place_and_lift_holds(world: World) -> None:
    moderator = make_user(is_staff=True, permissions=("moderate_download",))
    lawyer = make_user(is_staff=True, permissions=("moderate_download", "hold_download"))
    for user in (world.owner, moderator):
        with pytest.raises(Denied):
            lift_hold(actor=Actor(user=user), download=world.download)
    with pytest.raises(Conflict, match="already"):
        place_hold(actor=Actor(user=lawyer), download=world.download, reason="Another case")
    lift_hold(actor=Actor(user=lawyer), download=world.download, reason="Closed")
    with pytest.raises(Conflict, match="nothing to lift"):
        lift_hold(actor=Actor(user=lawyer), download=world.download)
    with pytest.raises(Invalid, match="needs a reason"):
        place_hold(actor=Actor(user=lawyer), download=world.download, reason=" ")
    place_hold(actor=Actor(user=lawyer), download=world.download, reason="Again")
    rows = AuditEntry.objects.filter(action__startswith="legal_hold.").values_list("action", "reason").order_by("id")
    assert list(rows) == [
        ("legal_hold.place", "Case 4711"),
        ("legal_hold.lift", "Closed"),
        ("legal_hold.place", "Again"),
    ]


def test_layers_below_downloads_know_the_held_ones(world: World) -> None:
    assert held_download_ids() == [world.download.pk]


def test_database_refuses_to_erase_a_held_download(world: World) -> None:
    File.all_objects.filter(version__download=world.download).delete()
    with pytest.raises(ProtectedError):
        world.download.delete()


def test_hold_is_shown_in_the_admin(world: World, client: Client) -> None:
    client.force_login(world.root)
    page = client.get(reverse("admin:downloads_download_change", args=[world.download.pk])).content.decode()
    assert "Case 4711" in page
    assert "/act/lift/" in page
    assert "/act/hold/" not in page
    assert "Case 4711" in client.get(reverse("admin:downloads_legalhold_changelist")).content.decode()
    confirm = client.get(reverse("admin:downloads_download_act", args=[world.download.pk, "erase"])).content.decode()
    assert "Kept because of a legal hold: Download" in confirm
