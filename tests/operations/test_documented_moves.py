"""The commands in `docs/operating.md` that move a hub to PostgreSQL and to S3 work as documented, on real servers."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from tests.operations.machines import empty_machine
from tests.operations.test_docs import commands_of, run

pytestmark = pytest.mark.skipif(
    "sqlite" in settings.DATABASES["default"]["ENGINE"] or settings.STORAGE_KIND != "s3",
    reason="A hub moves to PostgreSQL and S3: run it with make test-services.",
)


@pytest.fixture
def empty_database() -> Iterator[str]:
    url, name = os.environ["DATABASE_URL"], f"moved_{secrets.token_hex(6)}"
    with psycopg.connect(url, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")  # type: ignore[arg-type]
        try:
            yield f"{url.rpartition('/')[0]}/{name}"
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[arg-type]


def test_hub_moves_to_postgresql_and_then_to_s3(tmp_path: Path, empty_database: str) -> None:
    data = empty_machine(tmp_path / "data")
    typed = f"echo '{empty_database}' | {commands_of('Move to PostgreSQL')}"
    assert "The hub is read-only." in run(typed, data)
    moved = {"DATABASE_URL": empty_database, "RELEASEHUB_DATABASE_POOL": "0"}
    s3 = {name: text for name, text in os.environ.items() if name.startswith("AWS_")}
    move = commands_of("Move files to S3, or back")
    run(move, data, **moved, **s3)
    after = run(f"{move}\npython manage.py read_only status", data, RELEASEHUB_STORAGE="s3", **moved, **s3)
    assert "accepts changes" in after
