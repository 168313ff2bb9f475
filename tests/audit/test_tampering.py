"""Tests that the chain and its heads reveal the first row that the owner of the tables has changed without triggers."""

from __future__ import annotations

import hashlib
import os
import random
from datetime import timedelta
from importlib import import_module
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.models import F
from django.utils import timezone

from releasehub.audit import exports, heads, tasks, triggers
from releasehub.audit.chain import stored_rows, tip
from releasehub.audit.heads import export_head, newest_head
from releasehub.audit.links import GENESIS, PROTECTED, link_content
from releasehub.audit.models import AuditCheckpoint, AuditEntry, AuditHead, AuditKeyEpoch, AuditSink, AuditTip
from releasehub.audit.verification import verify
from tests.undoing import undone

ROWS = 40
ROUNDS = int(os.environ.get("TAMPERINGS", "80"))
SEED = int(os.environ.get("TAMPERING_SEED", "20261121"))
EDITED = (*PROTECTED, "address", "address_digest", "address_salt", "chain_hash")
pytestmark = pytest.mark.django_db


@pytest.fixture
def log(make_rows: Any) -> int:
    """Create a chained log with an exported head and without triggers, and return its number of rows."""
    make_rows(ROWS, address="192.0.2.7")
    tasks.chain()
    export_head()
    triggers.remove(connection)
    return ROWS


def test_tampering_is_found_at_its_first_row(log: int) -> None:
    chance = random.Random(SEED)
    tamperings = [edit, delete, delete_and_close, insert, append, swap, swap_contents, cut]
    missed = []
    for number in range(ROUNDS):
        tamper = tamperings[number % len(tamperings)]
        with transaction.atomic():
            expected = tamper(chance, log)
            fault = verify().fault
            transaction.set_rollback(True)
        if fault is None or fault.position != expected:
            missed.append((number, tamper.__name__, expected, fault))
    print(f"\ntamperings found: {ROUNDS - len(missed)} of {ROUNDS}")
    assert missed == [], f"seed {SEED}"
    assert verify().fault is None


def test_every_field_is_protected(log: int) -> None:
    missed = []
    for name in EDITED:
        with undone():
            change(random.Random(1), 17, name)
            fault = verify().fault
            if fault is None or (fault.position, fault.entry_id) != (17, at(17).values_list("pk", flat=True).get()):
                missed.append((name, fault))
    assert missed == []


def edit(chance: random.Random, rows: int) -> int:
    position = chance.randint(1, rows)
    change(chance, position, chance.choice(EDITED))
    return position


def delete(chance: random.Random, rows: int) -> int:
    position = chance.randint(1, rows)
    at(position).delete()
    return position


def delete_and_close(chance: random.Random, rows: int) -> int:
    position = delete(chance, rows)
    shift(position, -1)
    return position


def insert(chance: random.Random, rows: int) -> int:
    position = chance.randint(1, rows)
    shift(position - 1, 1)
    copy(chance.choice([p for p in range(1, rows + 2) if p != position]), position)
    return position


def append(chance: random.Random, rows: int) -> int:
    """Append a row with a made-up hash."""
    copy(chance.randint(1, rows), rows + 1)
    return rows + 1


def swap(chance: random.Random, rows: int) -> int:
    first, second = sorted(chance.sample(range(1, rows + 1), 2))
    at(first).update(position=-1)
    at(second).update(position=first)
    at(-1).update(position=second)
    return first


def swap_contents(chance: random.Random, rows: int) -> int:
    first, second = sorted(chance.sample(range(1, rows + 1), 2))
    names = ("actor_label", "target_label", "changes")
    one, other = at(first).values(*names).get(), at(second).values(*names).get()
    at(first).update(**other)
    at(second).update(**one)
    return first


def cut(chance: random.Random, rows: int) -> int:
    position = chance.randint(1, rows)
    stored_rows().filter(position__gte=position).delete()
    return position


def at(position: int) -> models.QuerySet[AuditEntry]:
    return stored_rows().filter(position=position)


def shift(after: int, by: int) -> None:
    stored_rows().filter(position__gt=after).update(position=-F("position"))
    stored_rows().filter(position__lt=0).update(position=-F("position") + by)


def copy(source: int, position: int) -> None:
    row = at(source).get()
    row.pk, row.position, row._state.adding = None, position, True
    row.save(force_insert=True)


def change(chance: random.Random, position: int, name: str) -> None:
    old = at(position).values_list(name, flat=True).get()
    at(position).update(**{name: other_value(chance, name, old)})


def other_value(chance: random.Random, name: str, old: Any) -> Any:
    if name == "created_at":
        return old + timedelta(microseconds=chance.choice([-1, 1]))
    if name == "changes":
        return old | {"n": chance.random()}
    if name == "address":
        return "192.0.2.8"
    if name in {"id", "actor_id", "api_key_id", "target_id", "download_id"}:
        return (old or 0) + chance.randint(1_000, 1_000_000)
    return ("0" if old[:1] != "0" else "1") + old[1:]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL only: SQLite drops no constraint")
def test_two_rows_at_one_position_are_found(log: int) -> None:
    with connection.cursor() as cursor:
        constraints = connection.introspection.get_constraints(cursor, "audit_auditentry")
        (name,) = [name for name, rule in constraints.items() if rule["unique"] and rule["columns"] == ["position"]]
        cursor.execute(f"ALTER TABLE audit_auditentry DROP CONSTRAINT {connection.ops.quote_name(name)}")
    copy(13, 13)
    fault = verify().fault
    assert fault is not None
    assert (fault.position, fault.problem) == (13, "Two rows have this position.")


def test_rewritten_chain_differs_from_its_head(log: int) -> None:
    at(30).update(reason="rewritten")
    at(31).update(reason="rewritten")
    stored_rows().filter(position__gte=30).update(position=None, chain_hash="")
    AuditHead.objects.update(position=F("position") + 0)
    with connection.cursor() as cursor:  # as if a chainer started again without the head
        cursor.execute("UPDATE audit_audithead SET position = -position")
    AuditTip.objects.all().delete()
    tasks.chain()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_audithead SET position = -position")
    fault = verify().fault
    assert fault is not None
    assert fault.position == ROWS
    assert export_head() == newest_head(), "no new signature over it"


def test_chain_continues_after_removed_rows(log: int, make_rows: Any) -> None:
    stored_rows().filter(position__gt=30).delete()
    assert tip().position == ROWS
    make_rows(5)
    tasks.chain()
    fault = verify().fault
    assert fault is not None
    assert fault.position == 31


@pytest.mark.parametrize("model", [AuditHead, AuditCheckpoint])
def test_forged_signed_position_is_found(model: Any, log: int) -> None:
    place = at(20).values("position", "chain_hash").get()
    model.objects.create(**place, signature="x" * 43)
    if model is AuditCheckpoint:
        stored_rows().filter(position__lte=20).delete()
    fault = verify().fault
    assert fault is not None
    assert fault.position == 20


def test_earlier_secret_key_still_verifies(log: int, settings: Any) -> None:
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "a new key " * 5
    assert verify().fault is None
    settings.SECRET_KEY_FALLBACKS = []
    assert verify().fault is not None


def test_removed_rows_are_found_even_before_a_head_is_exported(log: int, make_rows: Any) -> None:
    make_rows(5)
    tasks.chain()
    stored_rows().filter(position__gt=ROWS + 2).delete()
    fault = verify().fault
    assert fault is not None
    assert fault.position == ROWS + 3


def test_removed_tip_is_found(log: int) -> None:
    AuditTip.objects.all().delete()
    fault = verify().fault
    assert fault is not None
    assert fault.position == ROWS + 1


@pytest.mark.parametrize("model", [AuditHead, AuditTip])
def test_other_signed_position_is_not_accepted_as_checkpoint(model: Any, log: int) -> None:
    """Otherwise, copying a head into the table of checkpoints would allow the removal of all rows before it."""
    values = model.objects.values("position", "chain_hash", "created_at", "signature").get()
    AuditCheckpoint.objects.create(**values)
    stored_rows().all().delete()
    fault = verify().fault
    assert fault is not None
    assert fault.position == ROWS


def test_exported_head_reveals_a_log_emptied_with_all_signed_positions(log: int) -> None:
    for rows in (stored_rows(), *(model.objects for model in (AuditHead, AuditTip, AuditCheckpoint, AuditKeyEpoch))):
        rows.all().delete()
    code, _, err = run_command()
    assert code == 1
    assert err.startswith("first bad row: position 1. The last rows were removed")


def test_newest_exported_head_is_found_after_the_clock_was_set_back(
    log: int, make_rows: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its folder is named after an earlier day than that of a head from before."""
    tomorrow = timezone.now() + timedelta(days=1)
    for moment in (tomorrow, tomorrow - timedelta(days=1)):
        make_rows(5)
        tasks.chain()
        monkeypatch.setattr(heads, "timezone", SimpleNamespace(now=lambda moment=moment: moment))
        export_head()
    exported = exports.newest_head(exports.FOLDER)
    assert exported is not None
    assert exported.position == log + 10


def rechain_without_key() -> None:
    """Recompute the chain as somebody would who knows the code and the database, but not the key."""
    before = GENESIS.chain_hash
    for row in stored_rows().order_by("position").values_list("position", "address_digest", *PROTECTED):
        before = hashlib.sha256(link_content(before, row[0], row[2:], row[1])).hexdigest()
        at(row[0]).update(chain_hash=before)


def test_chain_recomputed_without_the_key_is_found(log: int) -> None:
    at(10).update(reason="rewritten")
    AuditHead.objects.all().delete()
    rechain_without_key()
    fault = verify().fault
    assert fault is not None
    assert fault.position == 1


def test_rows_of_a_release_without_a_key_are_verified_up_to_the_signed_epoch(log: int, make_rows: Any) -> None:
    rechain_without_key()
    for model in (AuditHead, AuditTip):
        model.objects.all().delete()
    import_module("releasehub.audit.migrations.0010_protect_places").begin_epoch(
        apps, SimpleNamespace(connection=connection)
    )
    triggers.remove(connection)
    make_rows(5)
    tasks.chain()
    assert verify().fault is None
    assert AuditKeyEpoch.objects.get().position == ROWS
    with transaction.atomic():
        at(7).update(reason="rewritten")
        fault = verify().fault
        assert fault is not None
        assert fault.position == 7
        transaction.set_rollback(True)
    AuditKeyEpoch.objects.all().delete()
    fault = verify().fault
    assert fault is not None
    assert fault.position == 1


def test_audit_key_takes_over_and_old_rows_are_still_verified(log: int, make_rows: Any, settings: Any) -> None:
    settings.AUDIT_KEY = "a key of its own " * 3
    make_rows(3)
    tasks.chain()
    assert verify().fault is None
    settings.AUDIT_KEY = "another " * 5
    fault = verify().fault
    assert fault is not None
    assert fault.position == ROWS + 1


def run_command(*args: str) -> tuple[int, str, str]:
    out, err, code = StringIO(), StringIO(), 0
    try:
        call_command("verify_audit", *args, stdout=out, stderr=err)
    except SystemExit as error:
        code = int(str(error.code))
    return code, out.getvalue(), err.getvalue()


def test_command_prints_the_head(log: int) -> None:
    code, out, err = run_command()
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "40 rows verified, 0 waiting to be chained.",
        f"head 40 {at(40).get().chain_hash}",
    ]
    assert run_command("--from", "31")[1].startswith("10 rows")


def test_command_reports_the_first_bad_row(log: int) -> None:
    at(12).update(reason="x")
    code, out, err = run_command()
    assert code == 1
    assert err.startswith(f"first bad row: position 12 (entry {at(12).get().pk}). ")
    assert f"head 11 {at(11).get().chain_hash}" in out
    assert run_command("--from", "13")[0] == 0, "what comes after it fits the hashes that are stored"
    assert run_command("--from", "99")[0] == 1


def test_head_in_storage_reveals_removed_rows(log: int, settings: Any, tmp_path: Any) -> None:
    files = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "media"}}
    settings.STORAGES = settings.STORAGES | {"default": files}
    sink = AuditSink.objects.create(kind=AuditSink.SinkKind.JSONL, target="audit")
    assert run_command()[0] == 0
    tasks.ship_sink(sink.pk)
    stored_rows().filter(position__gt=25).delete()
    AuditHead.objects.all().delete()
    code, _, err = run_command()
    assert code == 1
    assert err.startswith("first bad row: position 26.")
