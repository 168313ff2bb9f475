"""The storage on a local disk stays within its folder."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.core.management import CommandError, call_command

from files.models import Blob
from files.storage import Incoming, LocalStorage, local_writer
from files.storage.local_writer import _ensure_mounted as ensure_mounted
from releasehub.core.errors import StorageUnavailable
from tests.factories import make_file

pytestmark = pytest.mark.embedded
ACTIONS: dict[str, Callable[[LocalStorage, str], Any]] = {
    "read": lambda storage, key: storage.open(key),
    "look": lambda storage, key: storage.size(key),
    "delete": lambda storage, key: storage.delete(key),
    "write": lambda storage, key: storage.new_writer(key),
}


@pytest.mark.parametrize("is_absolute", [False, True])
@pytest.mark.parametrize("action", ACTIONS)
def test_key_that_leads_out_of_the_folder_is_refused(
    local_storage: LocalStorage, action: str, is_absolute: bool
) -> None:
    outside = local_storage.root.parent / "outside"
    local_storage.root.mkdir(parents=True)
    outside.write_bytes(b"secret")
    with pytest.raises(SuspiciousFileOperation):
        ACTIONS[action](local_storage, str(outside) if is_absolute else "../outside")
    assert outside.read_bytes() == b"secret"


@pytest.mark.django_db
def test_folder_whose_volume_was_not_mounted_at_the_start_is_neither_filled_nor_taken_for_empty(
    local_storage: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_writer, "_ensure_mounted", ensure_mounted)
    file = make_file(content=b"abc")
    root = local_storage.root
    aside = root.rename(root.with_name("aside"))
    root.mkdir()
    monkeypatch.setattr(local_writer, "_roots", {})  # as in a new process
    assert not local_storage.is_reachable()
    with pytest.raises(StorageUnavailable):
        local_storage.new_writer()
    with pytest.raises(CommandError, match="storage"):
        call_command("verify_storage", stdout=StringIO(), stderr=StringIO())
    assert Blob.objects.get(pk=file.blob_id).state == Blob.State.STORED
    assert not any(root.iterdir())
    root.rmdir()
    aside.rename(root)
    assert local_storage.is_reachable()
    call_command("verify_storage", stdout=StringIO(), stderr=StringIO())


def test_folder_whose_volume_is_gone_is_neither_filled_nor_taken_for_empty(local_storage: LocalStorage) -> None:
    """A volume that comes back would hide what was written into its empty mount point."""
    writer = local_storage.new_writer()
    writer.write(b"abc")
    writer.finish()
    root = local_storage.root
    aside = root.rename(root.with_name("aside"))
    root.mkdir()
    incoming = Incoming("incoming/1", "", 3, 0)
    for call in (
        local_storage.new_writer,
        partial(local_storage.size, writer.key),
        partial(local_storage.begin_incoming, size_bytes=3, part_bytes=0),
        partial(local_storage.collect, incoming, "blobs/1"),
    ):
        with pytest.raises(StorageUnavailable):
            call()
    assert not local_storage.is_reachable()
    assert not any(root.iterdir())
    root.rmdir()
    assert not local_storage.is_reachable()
    aside.rename(root)
    assert local_storage.is_reachable()
    assert (local_storage.size(writer.key), local_storage.size("blobs/2")) == (3, None)
