"""A moderator blocks the bytes of a file: every surface refuses them with the reason, until one step unblocks them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.core import mail
from django.test import Client

from downloads.services import create_entity
from files import quarantine, quarantine_moves
from files.blobs import keep_upload
from files.models import Blob, File, Quarantine
from files.quarantine import quarantine_file, unquarantine_file
from files.services import add_file, link_file
from files.uploads.validating import decide
from releasehub.accounts.mail_queue import send_queued_mail
from releasehub.accounts.models import User
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor, Origin
from releasehub.core.errors import Conflict, Denied, Invalid, Rejected
from releasehub.distribution.links import version_path
from releasehub.publishing.deletion import delete_file
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from releasehub.webhooks.models import Event
from tests.conftest import ApiClient, begin_with
from tests.factories import make_download, make_file, make_key, make_user, make_version, stage, system
from versions.models import Version

BAD, GOOD, REASON = b"harmful bytes", b"harmless bytes", "It contains a trojan."


@dataclass
class Shelf:
    """A download with a good version 1 and a bad version 2, and copies of the bad bytes elsewhere."""

    moderator: User
    owner: User
    file: File
    copy: File
    entity: Version

    @property
    def version(self) -> Version:
        return self.file.version

    @property
    def slug(self) -> str:
        return self.version.download.slug

    @property
    def actor(self) -> Actor:
        return Actor(user=self.moderator)

    def block(self, file: File | None = None) -> Quarantine:
        return quarantine_file(actor=self.actor, file=file or self.file, reason=REASON)


def build() -> Shelf:
    owner = make_user("owner", email="owner@example.org", language="de")
    download = make_download(owner, title="Tool")  # the oldest one, which the engine API serves
    for number, content in (("1.0.0", GOOD), ("2.0.0", BAD)):
        file = make_file(make_version(download, number), name="tool.bin", content=content, platform="linux")
    copy = make_file(make_version(make_download(owner, title="Mirror"), "7.0"), name="copied.bin", content=BAD)
    entity = create_entity(actor=Actor(user=owner, origin=Origin.API), kind="app", slug="timer", name="Timer")
    package = make_version(entity, "2024.06.01-000000")
    make_file(package, name="timer.zip", content=BAD)
    moderator = make_user("moderator", is_staff=True, permissions=("moderate_download",))
    return Shelf(moderator, owner, file, copy, package)


pytestmark = [pytest.mark.django_db, begin_with(build), pytest.mark.embedded]


def body_of(answer: Any) -> bytes:
    return b"".join(answer) if answer.streaming else answer.content


def get(path: str, client: Client | None = None) -> Any:
    """Return the status of an anonymous request, and its body: the bytes, the JSON object, or the text of a page."""
    answer: Any = (client or Client()).get(path, headers={"Accept": "application/json"})
    body = body_of(answer)
    return answer.status_code, answer.json() if "json" in answer.get("Content-Type", "") else body


@dataclass(frozen=True)
class Surface:
    """A request, and whether its answer offers the bad bytes or refuses them with the reason."""

    ask: Callable[[Shelf], Any]
    offers: Callable[[Any, Shelf], bool]
    refuses: Callable[[Any, Shelf], bool]


def gives_bytes(answer: Any, shelf: Shelf) -> bool:
    return bool(answer == (200, BAD))


def denies(*keys: str) -> Callable[[Any, Shelf], bool]:
    """Return a check that the answer is 403, has these members, and says why."""
    return lambda answer, _: answer[0] == 403 and set(keys) == set(answer[1]) and REASON in str(answer[1])


def bytes_at(path: Callable[[Shelf], str], *keys: str, as_owner: bool = False) -> Surface:
    def ask(shelf: Shelf) -> Any:
        return get(path(shelf), ApiClient(make_key(shelf.owner)) if as_owner else None)

    return Surface(ask, gives_bytes, denies(*keys))


def mentions(path: Callable[[Shelf], str], what: str) -> Surface:
    """Return a surface that lists the version or the file, and leaves it out while it is blocked."""
    return Surface(
        lambda shelf: get(path(shelf)),
        lambda answer, shelf: answer[0] == 200 and _named(what, shelf) in str(answer[1]),
        lambda answer, shelf: answer[0] in {200, 204} and _named(what, shelf) not in str(answer[1]),
    )


def _named(what: str, shelf: Shelf) -> str:
    names = {"number": "2.0.0", "link": f"/d/{shelf.slug}/2.0.0/tool.bin", "id": shelf.file.public_id}
    return {**names, "digest": Blob.objects.get(files=shelf.file).sha256}[what]


def entity_download(shelf: Shelf) -> Any:
    """Return the bytes behind the signed URL of the entity API, or its refusal to sign one."""
    entity = shelf.entity.download.public_id
    path = f"/api/entities/{entity}/versions/{shelf.entity.public_id}/download"
    status, answer = get(path, ApiClient(make_key(shelf.owner)))
    return get(answer["url"].removeprefix("http://testserver")) if status == 200 else (status, answer)


def version_page(shelf: Shelf) -> Any:
    return get(version_path(shelf.version))


def offered_in_page(answer: Any, shelf: Shelf) -> bool:
    return answer[0] == 200 and f'href="/d/{shelf.slug}/2.0.0/tool.bin' in answer[1].decode()


def explained_in_page(answer: Any, shelf: Shelf) -> bool:
    return answer[0] == 200 and REASON in answer[1].decode() and not offered_in_page(answer, shelf)


SURFACES = {
    "permalink": bytes_at(lambda shelf: f"/d/{shelf.slug}/2.0.0/tool.bin", "error", "message"),
    "permalink of a copy": bytes_at(lambda shelf: f"/d/{shelf.copy.version.download.slug}/7.0/copied.bin",
                                    "error", "message"),
    "latest": Surface(lambda shelf: get(f"/d/{shelf.slug}/latest/tool.bin"), gives_bytes,
                      lambda answer, _: answer == (200, GOOD)),
    "latest by platform": Surface(lambda shelf: get(f"/d/{shelf.slug}/latest/linux"), gives_bytes,
                                  lambda answer, _: answer == (200, GOOD)),
    "checksums": mentions(lambda shelf: f"/d/{shelf.slug}/2.0.0/SHA256SUMS", "digest"),
    "mc-dm bytes": bytes_at(lambda shelf: f"/api/mc-dm-files/{shelf.file.pk}/download/", "errors"),
    "mc-dm bytes for the team": bytes_at(lambda shelf: f"/api/mc-dm-files/{shelf.file.pk}/download/", "errors",
                                         as_owner=True),
    "mc-dm list": mentions(lambda shelf: f"/api/mc-dm-files/?version_id={shelf.version.pk}&with=full", "id"),
    "v3 bytes": bytes_at(lambda shelf: f"/v3/{shelf.version.public_id}/tool.bin", "message", "code", as_owner=True),
    "v3 update": mentions(lambda shelf: f"/v3/releases/update?productId={shelf.version.download.public_id}"
                                        "&platform=linux&version=1.0", "number"),
    "engine checksum": Surface(
        lambda shelf: get(f"/version_file/{_named('digest', shelf)}", ApiClient(HTTP_USER_AGENT="my-updater/1.2")),
        lambda answer, _: answer[0] == 200 and "2.0.0" in str(answer[1]), denies("error", "description")),
    "entity": Surface(entity_download, gives_bytes, denies("error", "message")),
    "native update": mentions(lambda shelf: f"/api/updates/{shelf.slug}?version=1.0.0", "number"),
    "feed": mentions(lambda shelf: f"/downloads/{shelf.slug}.{shelf.version.download_id}/feed.atom", "link"),
    "version page": Surface(version_page, offered_in_page, explained_in_page),
    "download page": Surface(lambda shelf: get(shelf.version.download.path), offered_in_page,
                             lambda answer, shelf: answer[0] == 200 and not offered_in_page(answer, shelf)),
}  # fmt: skip


def test_no_surface_gives_out_blocked_bytes_and_all_do_again(world: Shelf) -> None:
    """Walk over everything that gives out or names the bytes, before, during and after a quarantine."""
    before = {name: surface.ask(world) for name, surface in SURFACES.items()}
    assert {name: answer for name, answer in before.items() if not SURFACES[name].offers(answer, world)} == {}
    world.block()
    during = {name: surface.ask(world) for name, surface in SURFACES.items()}
    assert {name: answer for name, answer in during.items() if not SURFACES[name].refuses(answer, world)} == {}
    unquarantine_file(actor=world.actor, file=world.copy)
    after = {name: surface.ask(world) for name, surface in SURFACES.items()}
    assert {name: answer for name, answer in after.items() if not SURFACES[name].offers(answer, world)} == {}


def test_signed_url_ends_at_its_next_use(world: Shelf) -> None:
    entity = world.entity.download.public_id
    path = f"/api/entities/{entity}/versions/{world.entity.public_id}/download"
    _, answer = get(path, ApiClient(make_key(world.owner)))
    url = answer["url"].removeprefix("http://testserver")
    assert get(url) == (200, BAD)
    world.block()
    status, refusal = get(url)
    assert (status, REASON in str(refusal)) == (403, True)


def test_block_and_its_end_are_recorded_and_announced_for_every_copy(world: Shelf) -> None:
    files = {world.file.pk, world.copy.pk, world.entity.files.get().pk}
    world.block(world.copy)
    unquarantine_file(actor=world.actor, file=world.file, reason="A false alarm.")
    for action, event, reason in (
        ("file.quarantine", "file.quarantined", REASON),
        ("file.unquarantine", "file.unquarantined", "A false alarm."),
    ):
        rows = AuditEntry.objects.filter(action=action, reason=reason, actor_id=world.moderator.pk)
        assert {int(row.target_id) for row in rows} == files
        events = Event.objects.filter(type=event)
        assert {row.object_id for row in events} == files
        assert {row.data["is_quarantined"] for row in events} == {event == "file.quarantined"}


def test_owner_gets_one_mail_in_their_language(world: Shelf, settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.org"
    world.block()
    assert send_queued_mail() == 1
    message = mail.outbox[0]
    assert message.to == ["owner@example.org"]
    assert "gesperrt" in message.subject
    assert REASON in message.body
    assert all(name in message.body for name in ("tool.bin", "copied.bin", "timer.zip"))


def test_only_moderators_block_and_only_with_a_reason(world: Shelf) -> None:
    with pytest.raises(Denied):
        quarantine_file(actor=Actor(user=world.owner), file=world.file, reason=REASON)
    for reason in (" ", "x" * 501):
        with pytest.raises(Invalid):
            quarantine_file(actor=world.actor, file=world.file, reason=reason)
    world.block()
    with pytest.raises(Denied):
        unquarantine_file(actor=Actor(user=world.owner), file=world.file)
    with pytest.raises(Conflict, match="in quarantine already"):
        world.block(world.copy)
    unquarantine_file(actor=world.actor, file=world.file)
    with pytest.raises(Conflict, match="not in quarantine"):
        unquarantine_file(actor=world.actor, file=world.file)


def test_blocked_bytes_cannot_be_uploaded_again(world: Shelf) -> None:
    world.block()
    version = make_version()
    blob = keep_upload(stage(BAD, "renamed.bin"))
    with pytest.raises(Rejected, match=REASON):
        add_file(actor=system(), version=version, filename="renamed.bin", blob=blob, warnings=[])


def test_link_to_blocked_bytes_is_blocked_once_its_digest_is_known(world: Shelf) -> None:
    world.block()
    link = link_file(actor=system(), version=make_version(), url="https://cdn.example.org/tool.bin")
    decide(link, [], external_sha256=_named("digest", world))
    link.refresh_from_db()
    assert (link.validation_status, link.quarantine_id) == ("passed", Quarantine.objects.get().pk)


def test_link_without_a_digest_is_blocked_alone(world: Shelf) -> None:
    version = make_version()
    links = [link_file(actor=system(), version=version, url=f"https://cdn.example.org/{name}") for name in "ab"]
    for link in links:
        decide(link, [])
    world.block(links[0])
    assert [link.pk for link in File.objects.passed().filter(version=version)] == [links[1].pk]


def test_link_that_was_blocked_without_a_digest_blocks_its_bytes_once_they_are_known(world: Shelf) -> None:
    version = make_version(make_download(world.owner, title="Links"))
    link = link_file(actor=system(), version=version, url="https://cdn.example.org/tool.bin")
    block = world.block(link)
    assert quarantine_moves.move_quarantined() == 0
    decide(link, [], external_sha256=_named("digest", world))
    files = {link.pk, world.file.pk, world.copy.pk, world.entity.files.get().pk}
    assert set(block.files.values_list("pk", flat=True)) == files
    for rows in (AuditEntry.objects.filter(action="file.quarantine"), Event.objects.filter(type="file.quarantined")):
        assert rows.count() == len(files)
    block.refresh_from_db()
    assert (block.sha256, block.moved_at) == (_named("digest", world), None)
    unquarantine_file(actor=world.actor, file=world.copy)
    assert not File.objects.exclude(quarantine=None).exists()


def test_link_to_bytes_of_others_is_blocked_alone_until_a_moderator_blocks_the_bytes(world: Shelf) -> None:
    link = link_file(actor=system(), version=make_version(), url="https://cdn.example.org/tool.bin")
    alone = world.block(link)
    decide(link, [], external_sha256=_named("digest", world))
    assert list(File.objects.exclude(quarantine=None)) == [link]
    block = world.block()
    link.refresh_from_db()
    alone.refresh_from_db()
    assert link.quarantine_id == block.pk
    assert alone.ended_at is not None
    unquarantine_file(actor=world.actor, file=link)
    assert not File.objects.exclude(quarantine=None).exists()


def test_link_that_was_blocked_without_a_digest_joins_the_block_of_its_bytes(world: Shelf) -> None:
    link = link_file(actor=system(), version=make_version(), url="https://cdn.example.org/tool.bin")
    alone, block = world.block(link), world.block()
    decide(link, [], external_sha256=_named("digest", world))
    link.refresh_from_db()
    assert link.quarantine_id == block.pk
    assert list(Quarantine.objects.filter(ended_at=None)) == [block]
    assert alone.files.count() == 0


def test_link_stays_blocked_if_its_digest_stays_unknown(world: Shelf) -> None:
    link = link_file(actor=system(), version=make_version(), url="https://cdn.example.org/tool.bin")
    block = world.block(link)
    decide(link, [], external_type="application/zip")
    link.refresh_from_db()
    assert link.quarantine_id == block.pk


def test_deleted_copy_stays_blocked_when_it_returns(world: Shelf) -> None:
    delete_file(actor=system(), file=world.copy)
    world.block()
    copy = File.all_objects.get(pk=world.copy.pk)
    assert copy.quarantine_id is not None


def test_version_with_only_blocked_files_cannot_be_published(world: Shelf) -> None:
    version = make_version(state="draft")
    world.block(make_file(version))
    with pytest.raises(Invalid):
        move(Move.PUBLISH, actor=system(), version=version)


def test_stored_object_gets_a_new_key_and_loses_the_old_one(world: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """A presigned URL contains the key, so it ends with the old object."""
    storage = FakeStorage({Blob.objects.get(files=world.file).storage_key: BAD})
    monkeypatch.setattr(quarantine_moves, "blob_storage", lambda: storage)
    assert quarantine_moves.move_quarantined() == 0
    world.block()
    assert quarantine_moves.move_quarantined() == 1
    assert storage.objects == {Blob.objects.get(files=world.file).storage_key: BAD}
    assert set(storage.objects) == {"blobs/new"}
    assert quarantine_moves.move_quarantined() == 0


def test_upload_that_finds_the_block_before_it_ends_is_offered(world: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ending the block waits for the bytes, so it sees every file that points to it."""
    block = world.block()
    copies = File.objects.filter(pk=world.copy.pk)
    copies.update(quarantine=None)
    lock_bytes, waits = quarantine.lock_bytes, []

    def wait(file: File) -> str:
        waits.append(copies.update(quarantine=block))  # the other transaction commits
        return lock_bytes(file)

    monkeypatch.setattr(quarantine, "lock_bytes", wait)
    unquarantine_file(actor=world.actor, file=world.file)
    assert (len(waits), File.objects.filter(quarantine__isnull=False).count()) == (1, 0)


class FakeStorage:
    def __init__(self, objects: dict[str, bytes]) -> None:
        self.objects = objects

    def withdraw_urls(self, key: str) -> str:
        self.objects["blobs/new"] = self.objects[key]
        return "blobs/new"

    def delete(self, key: str) -> None:
        del self.objects[key]
