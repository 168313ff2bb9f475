"""Leases, and the thread that extends them."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import InterfaceError
from django.db.models.functions import Now
from django.utils import timezone

from files.models import UploadSession
from releasehub.core.heartbeat import heartbeat
from releasehub.core.locks import is_leased, is_unleased


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("minutes", "is_free"), [(None, True), (-1, True), (1, False), (24 * 60, True)], ids=["free", "over", "held", "odd"]
)
def test_lease_from_before_the_clock_was_set_back_is_over(minutes: int | None, is_free: bool) -> None:
    """The work of a killed process would otherwise wait for as long as the clock was ahead."""
    until = None if minutes is None else timezone.now() + timedelta(minutes=minutes)
    UploadSession.objects.create(filename="x", size_bytes=1, storage_key="x", lease_until=until)
    assert UploadSession.objects.filter(is_unleased(Now())).exists() is is_free
    assert UploadSession.objects.filter(is_leased(Now())).exists() is not is_free


@pytest.mark.django_db
def test_heart_beats_on_after_the_database_was_away_for_a_moment() -> None:
    beats = threading.Semaphore(0)

    def extend() -> None:
        beats.release()
        raise InterfaceError

    with heartbeat(extend, 0.001):
        assert all(beats.acquire(timeout=60) for _ in range(2))
