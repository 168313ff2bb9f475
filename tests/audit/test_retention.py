"""Tests that old IP addresses and rows are removed, and that the remaining chain can still be verified."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from releasehub.audit import retention, tasks, triggers, verification
from releasehub.audit.chain import stored_rows
from releasehub.audit.heads import export_head
from releasehub.audit.models import AuditCheckpoint, AuditEntry, AuditHead, AuditSink
from releasehub.audit.verification import verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def log(make_rows: Any) -> None:
    """Create 30 rows from two years ago, 20 from half a year ago and 10 from today, all with an IP address."""
    for count, days in ((30, 730), (20, 180), (10, 0)):
        make_rows(count, timezone.now() - timedelta(days=days), address="192.0.2.7")
    tasks.chain()


def test_old_addresses_are_cleared_with_their_salts(log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SLICE_ROWS", 7)
    export_head()
    assert retention.clear_addresses() == 50
    old = AuditEntry.objects.filter(position__lte=50)
    assert set(old.values_list("address", "address_salt")) == {(None, "")}
    assert AuditEntry.objects.filter(address="192.0.2.7").count() == 10
    assert verify().fault is None
    assert verify().checked == 60
    assert retention.clear_addresses() == 0


def test_unchained_row_keeps_its_address(make_rows: Any) -> None:
    make_rows(1, timezone.now() - timedelta(days=200), address="192.0.2.7")
    assert retention.clear_addresses() == 0
    tasks.chain()
    assert retention.clear_addresses() == 1
    assert verify().fault is None


def test_old_rows_leave_a_checkpoint(log: None, make_rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "SLICE_ROWS", 7)
    export_head()
    before = AuditEntry.objects.get(position=30).chain_hash
    assert tasks.prune() == {"addresses": 50, "rows": 30}
    checkpoint = AuditCheckpoint.objects.get()
    assert (checkpoint.position, checkpoint.chain_hash) == (30, before)
    assert verify().fault is None
    assert (verify().checked, verify().head.position) == (30, 60)
    assert retention.prune() == 0
    make_rows(2)
    tasks.chain()
    export_head()
    assert (verify().checked, verify().head.position, verify().fault) == (32, 62, None)


def test_log_of_only_old_rows_continues_after_its_checkpoint(log: None, make_rows: Any, settings: Any) -> None:
    settings.AUDIT_RETENTION_DAYS = 1
    export_head()
    assert retention.prune() == 50
    AuditEntry.objects.filter(position=60).get()
    make_rows(1)
    tasks.chain()
    assert export_head().position == 61  # type: ignore[union-attr]
    assert verify().fault is None


def test_interrupted_pruning_is_completed_next_time(log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(retention, "_remove_up_to", lambda position: 0)
        retention.prune()
    assert AuditEntry.objects.count() == 60
    assert verify().checked == 30
    assert retention.prune() == 30
    assert verify().fault is None


def test_rows_that_a_sink_has_not_received_are_kept(log: None) -> None:
    sink = AuditSink.objects.create(kind=AuditSink.SinkKind.JSONL, target="audit", cursor=12)
    assert retention.prune() == 12
    AuditSink.objects.filter(pk=sink.pk).update(is_active=False)
    assert retention.prune() == 18
    assert verify().fault is None


def test_pruning_during_a_verification_is_no_fault(log: None, monkeypatch: pytest.MonkeyPatch) -> None:
    read, calls = verification._rows_after, []

    def prune_first(position: int) -> Any:
        if not calls:
            retention.prune()
        calls.append(position)
        return read(position)

    monkeypatch.setattr(verification, "_rows_after", prune_first)
    assert verify().fault is None
    assert calls == [0, 30]


def test_emptied_log_gets_no_new_signature(log: None, make_rows: Any) -> None:
    export_head()
    triggers.remove(connection)
    stored_rows().filter(position__lte=60).delete()
    make_rows(3)
    tasks.chain()
    assert tasks.export_head() == 60
    fault = verify().fault
    assert fault is not None
    assert fault.position == 1


def test_heads_before_the_checkpoint_are_deleted(log: None) -> None:
    export_head()
    AuditHead.objects.create(position=3, chain_hash="x", signature="x")
    retention.prune()
    assert [head.position for head in AuditHead.objects.all()] == [60]


@pytest.mark.parametrize(
    ("name", "act"), [("AUDIT_RETENTION_DAYS", "prune"), ("AUDIT_ADDRESS_DAYS", "clear_addresses")]
)
def test_zero_days_disables_retention(name: str, act: str, log: None, settings: Any) -> None:
    setattr(settings, name, 0)
    assert getattr(retention, act)() == 0


def test_rows_after_the_checkpoint_cannot_be_deleted(log: None) -> None:
    retention._create_checkpoint(retention._last_prunable_link(365))  # type: ignore[arg-type]
    for condition in ("position = 31", "position >= 30", "position IS NULL OR position = 60"):
        with pytest.raises(Error, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM audit_auditentry WHERE {condition}")  # noqa: S608
    assert AuditEntry.objects.count() == 60


def test_rows_of_a_download_under_a_legal_hold_stay(make_rows: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rows after them stay as well, because the chain allows no gap."""
    old = timezone.now() - timedelta(days=400)
    make_rows(2, old, address="192.0.2.7")
    held = make_rows(1, old, address="192.0.2.7", download_id=7)[0]
    make_rows(2, old, address="192.0.2.7")
    tasks.chain()
    monkeypatch.setattr("releasehub.core.holds._lookups", [lambda: [7]])
    assert (retention.clear_addresses(), retention.prune()) == (4, 2)
    assert AuditEntry.objects.order_by("id").first() == held
    assert AuditEntry.objects.get(address__isnull=False) == held
    assert verify().fault is None
    monkeypatch.setattr("releasehub.core.holds._lookups", [])
    assert (retention.clear_addresses(), retention.prune()) == (1, 3)
