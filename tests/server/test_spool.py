"""The room for temporary files of responses."""

from __future__ import annotations

import tempfile
from types import SimpleNamespace

import pytest

from releasehub.server import spool
from releasehub.server.spool import has_room, spooled_bytes

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.skipif(not spool.DESCRIPTORS.exists(), reason="This system does not list the open files of a process."),
]


def test_temporary_files_that_are_open_count_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before = spooled_bytes()
    with tempfile.TemporaryFile() as file, tempfile.NamedTemporaryFile() as named:
        for opened in (file, named):
            opened.write(bytes(1000))
            opened.flush()
        with open(spool.DESCRIPTORS / str(file.fileno()), "rb"):  # as Granian opens it
            assert spooled_bytes() == before + 1000
        monkeypatch.setattr(spool, "MEMORY_BYTES", 100)
        monkeypatch.setattr(spool, "MAX_SPOOLED_BYTES", before + 1500)
        assert [has_room(size) for size in (100, 500, 501)] == [True, True, False]
    assert spooled_bytes() == before


def test_a_full_volume_has_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    free_bytes = spool.MEMORY_BYTES + 100
    monkeypatch.setattr(spool.shutil, "disk_usage", lambda path: SimpleNamespace(free=free_bytes))
    assert [has_room(size) for size in (100, free_bytes, free_bytes + 1)] == [True, True, False]
