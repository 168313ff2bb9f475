"""The lock of operations, and what it tells about the last one."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import WARNING

from releasehub.operations.errors import OperationError
from releasehub.operations.exclusive import exclusive, interrupted_operation
from releasehub.server.doctor.backups import check_backup

pytestmark = pytest.mark.embedded


@pytest.fixture(autouse=True)
def data(settings: Any, tmp_path: Path) -> None:
    settings.DATA_DIR = tmp_path / "data"


def kill_in(operation: str) -> None:
    """Leave the operation as a process that is killed does, which handles no exception any more."""
    with suppress(SystemExit), exclusive(operation):
        raise SystemExit


@pytest.mark.django_db
def test_a_killed_operation_is_named_until_the_next_one_has_ended() -> None:
    kill_in("backup to /backups")
    assert interrupted_operation().startswith("backup to /backups, begun at ")
    warnings = [message.msg for message in check_backup() if message.level == WARNING]
    assert any("backup to /backups" in text for text in warnings)
    with exclusive("backup to /backups"):
        pass
    assert interrupted_operation() == ""


def test_a_running_operation_was_not_killed() -> None:
    assert interrupted_operation() == ""
    with exclusive("backup to /backups"):
        assert interrupted_operation() == ""


def test_an_operation_that_failed_was_not_killed() -> None:
    with pytest.raises(OperationError), exclusive("backup to /backups"):
        raise OperationError("The target is full.")
    assert interrupted_operation() == ""
