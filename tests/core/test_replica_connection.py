"""A replica that hangs, on a real PostgreSQL server. `test_replica.py` tests what follows from a failure."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

from releasehub.settings.replica_connection import ReplicaConnection

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(connection.vendor != "postgresql", reason="Only PostgreSQL has replicas."),
]


@pytest.fixture
def conninfo() -> str:
    connection.ensure_connection()
    info = connection.connection.info
    # Not the database of the tests: a server does not notice at once that a client has left.
    return psycopg.conninfo.make_conninfo(info.dsn, password=info.password, dbname="postgres")


def test_a_statement_without_an_answer_ends(conninfo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReplicaConnection, "max_wait_seconds", 0.2)
    with ReplicaConnection.connect(conninfo) as replica:
        with pytest.raises(psycopg.OperationalError):
            replica.execute("SELECT pg_sleep(20)")
        assert replica.closed


def test_an_error_of_the_server_does_not_end_the_connection(conninfo: str) -> None:
    with ReplicaConnection.connect(conninfo) as replica:
        with pytest.raises(psycopg.errors.DivisionByZero):
            replica.execute("SELECT 1/0")
        replica.rollback()
        assert replica.execute("SELECT 1").fetchone() == (1,)
