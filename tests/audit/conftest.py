"""Fixtures that create audit rows."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.utils import timezone

from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from releasehub.core.actor import Origin

MakeRows = Callable[..., list[AuditEntry]]


@pytest.fixture
def make_rows() -> MakeRows:
    """Return a function that creates rows, most of them with an IP address. Keyword arguments set fields of all."""

    def make(count: int, created_at: datetime | None = None, **fields: Any) -> list[AuditEntry]:
        chance = random.Random(count)
        rows = [
            AuditEntry(
                created_at=created_at or timezone.now(),
                actor_id=chance.choice([None, 7]),
                actor_label=f"user {number}",
                channel=Origin.API,
                action=AuditAction.VERSION_PUBLISH,
                target_type="version",
                target_id=number,
                target_label=f"1.{number}.0",
                changes={"state": ["draft", "published"], "n": [number, 1.5, None, "ü"]},
                request_id=f"r{number}",
                address=chance.choice([None, f"192.0.2.{number % 250}", "2001:db8::1"]),
            )
            for number in range(count)
        ]
        for row in rows:
            for name, value in fields.items():
                setattr(row, name, value)
        return AuditEntry.objects.bulk_create(rows)

    return make
