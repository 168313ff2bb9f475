from typing import Any

import pytest
from django.test import Client

from files.storage import blob_storage


def test_healthz_works_without_database_and_storage(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"


@pytest.mark.django_db
def test_readyz_reports_each_dependency(client: Client) -> None:
    answer = client.get("/readyz")
    assert (answer.status_code, set(answer.json().values())) == (200, {True})


@pytest.mark.django_db
def test_readyz_is_503_without_storage(client: Client, monkeypatch: Any) -> None:
    monkeypatch.setattr(type(blob_storage()), "is_reachable", lambda self: False)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["storage"]) == (503, False)
