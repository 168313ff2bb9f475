"""Legal holds, quarantine and the moderation queue when two people act at the same time: exactly one of them wins."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from downloads.models import Download, LegalHold
from downloads.services import place_hold
from files.models import File, Quarantine
from files.public_names import Identity
from files.quarantine import quarantine_file, unquarantine_file
from files.services import link_file
from files.storage.signing import sign_content_path
from files.uploads import validating
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, DomainError, NotFound
from releasehub.moderation.decisions import decide
from releasehub.moderation.models import Kind, Verdict
from releasehub.publishing.deletion import delete_download
from releasehub.publishing.lifecycle import move
from releasehub.publishing.purge import purge_deleted
from releasehub.publishing.replacing import put_file
from releasehub.publishing.transitions import Move
from tests.conftest import ApiClient
from tests.factories import (
    make_comment,
    make_download,
    make_file,
    make_key,
    make_report,
    make_user,
    make_version,
    system,
)
from tests.racing import ends_of
from versions.models import Version

pytestmark = [
    pytest.mark.skipif(
        connection.vendor == "sqlite", reason="This test needs PostgreSQL, because SQLite allows a single writer."
    ),
    pytest.mark.django_db(transaction=True),
]
ROUNDS = int(os.environ.get("RACE_ROUNDS", "2"))
rounds = pytest.mark.parametrize("round_number", range(ROUNDS))
CONTENT = b"harmful bytes"


def actions(*names: str) -> list[str]:
    return list(AuditEntry.objects.filter(action__in=names).values_list("action", flat=True))


@rounds
def test_a_hold_and_a_purge_of_the_same_download(round_number: int) -> None:
    download = make_download(slug="evidence")
    make_file(make_version(download, "1.0.0"), content=CONTENT)
    delete_download(actor=system(), download=download)
    Download.all_objects.update(deleted_at=timezone.now() - timedelta(days=900))
    _, errors = ends_of([
        partial(place_hold, actor=system(), download=download, reason="Case 4711"),
        purge_deleted,
    ])  # fmt: skip
    is_held = LegalHold.objects.filter(download=download.pk).exists()
    assert is_held == Download.all_objects.filter(pk=download.pk).exists() == File.all_objects.exists()
    if is_held:
        assert errors == []
    else:
        assert [type(error) for error in errors] == [NotFound]
    assert len(actions("legal_hold.place", "download.delete_hard")) == 1


@rounds
def test_two_holds_of_the_same_download(round_number: int) -> None:
    download = make_download()
    hold = partial(place_hold, actor=system(), download=download, reason="Case 4711")
    results, errors = ends_of([hold, hold])
    assert (len(results), [type(error) for error in errors]) == (1, [Conflict])
    assert LegalHold.objects.count() == 1


@rounds
def test_two_moderators_block_two_copies_of_the_same_bytes(round_number: int) -> None:
    files = [make_file(content=CONTENT) for _ in range(4)]
    block = [partial(quarantine_file, actor=system(), file=file, reason="Harmful.") for file in (files[0], files[-1])]
    results, errors = ends_of(block)
    assert (len(results), [type(error) for error in errors]) == (1, [Conflict])
    assert Quarantine.objects.count() == 1
    assert set(File.objects.values_list("quarantine", flat=True)) == {results[0].pk}
    free = [partial(unquarantine_file, actor=system(), file=file) for file in (files[1], files[2])]
    results, errors = ends_of(free)
    assert (len(results), [type(error) for error in errors]) == (1, [Conflict])
    assert set(File.objects.values_list("quarantine", flat=True)) == {None}


@rounds
def test_quarantine_while_the_version_is_published(round_number: int) -> None:
    """Whichever comes first, the bytes are blocked in the end, over the API and behind a link that was handed out."""
    owner = make_user()
    version = make_version(make_download(owner), "1.0.0", state="draft")
    file = make_file(version, content=CONTENT)
    links = (f"/api/mc-dm-files/{file.pk}/download/", sign_content_path("file", file.pk, 300)[0])
    _, errors = ends_of([
        partial(quarantine_file, actor=system(), file=file, reason="Harmful."),
        partial(move, Move.PUBLISH, actor=system(), version=version),
    ])  # fmt: skip
    assert all(isinstance(error, DomainError) for error in errors), errors
    file.refresh_from_db()
    assert file.quarantine is not None
    version.refresh_from_db()
    assert version.state == ("draft" if errors else "published")
    for client in (ApiClient(make_key(owner)), ApiClient()):
        assert {client.send("get", link).status_code for link in links} <= {403, 404, 409, 451}


@rounds
def test_quarantine_while_the_same_bytes_are_uploaded(round_number: int) -> None:
    file, version = make_file(content=CONTENT), make_version(state="draft")
    _, errors = ends_of([
        partial(quarantine_file, actor=system(), file=file, reason="Harmful."),
        partial(make_file, version, content=CONTENT),
    ])  # fmt: skip
    assert all(isinstance(error, DomainError) for error in errors), errors
    assert not File.objects.filter(quarantine=None).exists()


@rounds
def test_quarantine_while_a_file_is_replaced_by_the_same_bytes(round_number: int) -> None:
    file = make_file(make_version(state="draft"), content=CONTENT)
    other = make_file(content=CONTENT)
    new: dict[str, Any] = {"blob": file.blob, "filename": file.filename, "warnings": ()}

    def block() -> None:
        for _ in range(5 * round_number):  # so that the other transaction has come further in each round
            other.refresh_from_db()
        quarantine_file(actor=system(), file=other, reason="Harmful.")

    _, errors = ends_of([
        block,
        partial(put_file, actor=system(), version=file.version, replaces=file, **new),
    ])  # fmt: skip
    assert all(isinstance(error, DomainError) for error in errors), errors
    assert not File.objects.filter(quarantine=None).exists()


@rounds
def test_quarantine_while_the_digest_of_a_link_becomes_known(round_number: int) -> None:
    file = make_file(content=CONTENT)
    link = link_file(actor=system(), version=make_version(), url="https://cdn.example.org/tool.bin")
    _, errors = ends_of([
        partial(quarantine_file, actor=system(), file=file, reason="Harmful."),
        partial(validating.decide, link, [], external_sha256=Identity.of(file).sha256),
    ])  # fmt: skip
    assert errors == []
    assert not File.objects.filter(quarantine=None).exists()


@rounds
def test_quarantine_of_a_link_while_the_same_bytes_are_uploaded(round_number: int) -> None:
    """The link and the upload have no row in common that could be locked."""
    link, version = link_file(actor=system(), version=make_version(), url="https://cdn.example.org/a"), make_version()
    validating.decide(link, [], external_sha256=sha256(CONTENT).hexdigest())
    _, errors = ends_of([
        partial(quarantine_file, actor=system(), file=link, reason="Harmful."),
        partial(make_file, version, content=CONTENT),
    ])  # fmt: skip
    assert all(isinstance(error, DomainError) for error in errors), errors
    assert not File.objects.filter(quarantine=None).exists()


def waiting_rows() -> Iterator[tuple[Kind, int]]:
    """Make a row of each kind that waits for a moderator."""
    download, version = make_download(), make_version(state="draft", files=1)
    Download.objects.filter(pk=download.pk).update(state="moderated")
    yield Kind.DOWNLOAD, download.pk
    Version.objects.filter(pk=version.pk).update(state="pending")
    yield Kind.VERSION, version.pk
    file = make_file(content=CONTENT)
    quarantine_file(actor=system(), file=file, reason="Harmful.")
    yield Kind.FILE, file.pk
    comment = make_comment(make_download())
    type(comment).objects.filter(pk=comment.pk).update(state="moderated")
    yield Kind.COMMENT, comment.pk
    yield Kind.REPORT, make_report(make_download()).pk


@rounds
def test_two_moderators_decide_about_the_same_row(round_number: int) -> None:
    actors = [Actor(user=make_user(is_staff=True, is_superuser=True)) for _ in range(2)]
    for kind, pk in waiting_rows():
        calls: list[Any] = [
            partial(decide, actor=actor, kind=kind, object_id=pk, is_approval=is_approval, note="Seen.")
            for actor, is_approval in zip(actors, (True, False), strict=True)
        ]
        results, errors = ends_of(calls)
        assert (len(results), [type(error) for error in errors]) == (1, [Conflict]), (kind, errors)
        assert Verdict.objects.filter(kind=kind, object_id=pk).count() == 1
    decided = actions("moderation.approve", "moderation.reject")
    assert len(decided) == 5
    assert Version.all_objects.filter(state="pending").count() == 0
