"""The actions of the audit log as choices of a model field."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import models

from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry

pytestmark = pytest.mark.embedded


@pytest.fixture
def new_action(monkeypatch: pytest.MonkeyPatch) -> str:
    """Add an action, as a change of the source would."""
    members = [(action.name, action.value) for action in AuditAction] + [("NEW", "new.action")]
    monkeypatch.setattr("releasehub.audit.actions.AuditAction", models.TextChoices("AuditAction", members))
    return "new.action"


@pytest.mark.django_db
def test_a_new_action_needs_no_migration(new_action: str) -> None:
    field = AuditEntry._meta.get_field("action")
    assert (new_action, "New") in field.flatchoices
    call_command("makemigrations", "audit", check=True, dry_run=True, verbosity=0)  # exits if a migration is missing


def test_a_new_action_is_accepted_and_an_unknown_one_is_not(new_action: str) -> None:
    field = AuditEntry._meta.get_field("action")
    assert field.clean(new_action, None) == new_action
    with pytest.raises(ValidationError):
        field.clean("unknown.action", None)
