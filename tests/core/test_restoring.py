"""Restoring a row that is not deleted: an error for users, and no error for superusers."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from releasehub.accounts.models import User
from releasehub.core.actor import Actor
from releasehub.core.errors import Conflict, ErrorCode
from releasehub.core.models import MAX_REASON_CHARACTERS
from releasehub.core.restoring import needs_restore
from tests.factories import system
from versions.models import Version

USER = Actor(user=User(username="ann", is_active=True))


@pytest.mark.parametrize("actor", [USER, system()], ids=["user", "superuser"])
def test_deleted_row_needs_a_restore(actor: Actor) -> None:
    assert needs_restore(actor, Version(deleted_at=datetime.now(UTC)), "Version 1.0")


def test_row_that_is_not_deleted_is_an_error_for_a_user() -> None:
    with pytest.raises(Conflict, match=r"Version 1\.0 is not deleted") as raised:
        needs_restore(USER, Version(), "Version 1.0")
    assert raised.value.code == ErrorCode.NOT_DELETED


def test_row_that_is_not_deleted_needs_no_restore_by_a_superuser() -> None:
    assert not needs_restore(system(), Version(), "Version 1.0")


def test_reason_of_a_deletion_is_cut_to_the_length_of_its_column() -> None:
    version = Version()
    version.set_deleted(by=None, reason="x" * (MAX_REASON_CHARACTERS + 1))
    assert (version.is_deleted, len(version.delete_reason)) == (True, MAX_REASON_CHARACTERS)
    version.set_restored()
    assert (version.is_deleted, version.delete_reason) == (False, "")
