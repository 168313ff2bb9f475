"""The lock on a download makes its writers take turns, and nobody else wait."""

from __future__ import annotations

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from downloads.models import PageView
from downloads.services import lock_download
from tests.factories import make_download
from tests.racing import ends_of

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite locks the whole database."),
]


@pytest.mark.parametrize("for_erasure", [False, True])
def test_only_an_erasure_keeps_others_from_referring_to_a_locked_download(for_erasure: bool) -> None:
    download = make_download()

    def view() -> PageView:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        return PageView.objects.create(download=download, visitor="a visitor", hour=timezone.now())

    with transaction.atomic():
        lock_download(download.pk, for_erasure=for_erasure)
        _, errors = ends_of([view])
    assert [type(error) for error in errors] == ([OperationalError] if for_erasure else [])


def test_writers_of_one_download_take_turns() -> None:
    download = make_download()

    def lock() -> None:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL lock_timeout = '100ms'")
            lock_download(download.pk)

    with transaction.atomic():
        lock_download(download.pk)
        _, errors = ends_of([lock])
    assert [type(error) for error in errors] == [OperationalError]
