"""Tests that sign-ins are recorded in the audit log."""

import pytest
from django.test import Client

from releasehub.audit.actions import AuditAction
from releasehub.audit.models import AuditEntry
from tests.factories import make_user


@pytest.mark.django_db
def test_failed_sign_in_is_recorded_without_the_password(client: Client) -> None:
    make_user("ann")
    client.post("/account/sign-in/", {"username": "ann", "password": "wrong-secret"}, REMOTE_ADDR="192.0.2.7")
    entry = AuditEntry.objects.get(action=AuditAction.SIGN_IN_FAILED)
    assert (entry.target_label, entry.address) == ("ann", "192.0.2.7")
    assert "wrong-secret" not in str(AuditEntry.objects.values())
