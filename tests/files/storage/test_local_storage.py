"""The storage on a local disk stays within its folder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.exceptions import SuspiciousFileOperation

from files.storage import LocalStorage

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
