from typing import Any

import pytest
from django.test import Client
from redis.exceptions import OutOfMemoryError

from files.storage import blob_storage
from releasehub.core import readiness


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


@pytest.mark.embedded
def test_a_redis_that_only_answers_reads_is_not_ready(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class FullCache:
        def get(self, key: str) -> None:
            return None

        def set(self, key: str, value: int) -> None:
            raise OutOfMemoryError("command not allowed when used memory > 'maxmemory'.")

    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(readiness, "caches", {"limits": FullCache()})
    assert not readiness.is_broker_reachable()
