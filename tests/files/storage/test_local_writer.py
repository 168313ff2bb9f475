"""Stored files survive a power failure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from files.storage.local_writer import LocalWriter

pytestmark = pytest.mark.embedded


def test_bytes_are_on_disk_before_their_name_and_the_name_before_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    final = tmp_path / "ab" / "key"
    synced = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append((os.fstat(descriptor).st_ino, final.exists())))
    writer = LocalWriter(tmp_path, "ab/key")
    writer.write(b"bytes")
    writer.finish()
    assert synced == [(final.stat().st_ino, False), (final.parent.stat().st_ino, True)]
