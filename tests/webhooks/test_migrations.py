"""Events that were there before are numbered."""

import importlib

import pytest
from django.db import connection

from releasehub.webhooks.models import Event
from tests.webhooks.conftest import announce

pytestmark = pytest.mark.django_db


def test_earlier_events_are_numbered() -> None:
    migration = importlib.import_module("releasehub.webhooks.migrations.0003_event_sequences")
    for number in (1, 2, 1, 1, 2):
        announce(number)
    before = list(Event.objects.values_list("object_id", "sequence"))
    assert before == [(1, 1), (2, 1), (1, 2), (1, 3), (2, 2)]
    Event.objects.update(sequence=0)
    with connection.cursor() as cursor:
        cursor.execute(migration.NUMBER)
    assert list(Event.objects.values_list("object_id", "sequence")) == before
