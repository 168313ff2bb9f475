"""The command with which the operator sets a password."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from releasehub.accounts.models import OneTimeLink, User
from releasehub.accounts.services.one_time_links import create_password_link
from releasehub.audit.models import AuditEntry
from tests.factories import make_user, system

pytestmark = pytest.mark.django_db


def test_changepassword_saves_only_the_password_and_ends_links(monkeypatch: pytest.MonkeyPatch) -> None:
    """Staff may disable the account while the command waits for its input."""
    user = make_user("ann")
    create_password_link(actor=system(), user=user)

    def wait_for_input(**options: Any) -> str:
        User.objects.filter(pk=user.pk).update(is_active=False, session_generation=7)
        return "another-secret-7"

    monkeypatch.setattr("getpass.getpass", wait_for_input)
    call_command("changepassword", "ann")
    user.refresh_from_db()
    assert (user.check_password("another-secret-7"), user.is_active, user.session_generation) == (True, False, 7)
    assert not OneTimeLink.objects.exists()
    assert AuditEntry.objects.latest("id").action == "user.password"


@pytest.mark.parametrize(
    ("username", "inputs", "error"),
    [
        ("bob", [], "The user bob does not exist"),
        ("ann", ["another-secret-7", "another-secret-8"], "differ"),
        ("ann", ["1234", "1234"], "too short"),
    ],
)
def test_changepassword_says_why_nothing_has_changed(
    username: str, inputs: list[str], error: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user("ann")
    monkeypatch.setattr("getpass.getpass", lambda **options: inputs.pop(0))
    with pytest.raises(CommandError, match=error):
        call_command("changepassword", username)
    assert User.objects.get().password == user.password
