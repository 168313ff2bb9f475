"""The short forms of the fault runs. The long ones: tests/faults/run.py."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.embedded import STATIC_VARIABLE
from tests.faults.stage import CLUSTER_VARIABLE
from tests.services.processes import ServiceError
from tests.services.servers import postgres_binaries

RUN = Path(__file__).with_name("run.py")
SEED = "20261121"
EVENTS = (
    "events", "--events", "150", "--workers", "2", "--life", "0.3", "--every", "0.5", "--kills", "6", "--flush", "2",
    "--patience", "600",
)  # fmt: skip


def has_servers() -> bool:
    try:
        return bool(postgres_binaries()) and shutil.which("redis-server") is not None
    except ServiceError:
        return False


# The suite on services of its own runs them; the suite on the embedded defaults starts no servers.
with_services = pytest.mark.skipif(
    "postgres" not in os.environ.get("DATABASE_URL", "") or not has_servers(),
    reason="This test needs PostgreSQL and Redis.",
)


@pytest.fixture(scope="module", autouse=True)
def shared_preparations(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let all runs begin with the cluster that the first one has migrated, and with the static files it collected."""
    folder = tmp_path_factory.mktemp("faults")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CLUSTER_VARIABLE, str(folder / "stored"))
        patch.setenv(STATIC_VARIABLE, str(folder / "static"))
        yield


# `--patience` only ends a run that hangs; how fast the machine is must not matter.
def carry_out(*arguments: str) -> str:
    command = [sys.executable, str(RUN), "--seed", SEED, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@with_services
def test_no_event_is_lost_while_processes_are_killed() -> None:
    assert "workers killed" in carry_out(*EVENTS)


@with_services
def test_concurrent_commits_lose_no_change() -> None:
    carry_out("races", "--rounds", "20", "--patience", "600")


@with_services
def test_the_audit_log_is_exact_while_writers_die() -> None:
    carry_out("log", "--operations", "100", "--every", "0.5", "--kills", "4", "--patience", "600")


@with_services
def test_a_long_log_is_verified() -> None:
    assert "6,000" in carry_out("verify", "--rows", "6000", "--longest", "600")


@with_services
def test_work_continues_while_redis_is_down() -> None:
    carry_out("broker", "--away", "2", "--slowest", "240", "--catch-up", "240", "--patience", "600")


@with_services
def test_backups_and_moves_survive_kills() -> None:
    carry_out("operations", "--versions", "8", "--size", "3000", "--kills", "1", "--services-too", "1")


@pytest.mark.embedded
def test_embedded_hub_survives_kills() -> None:
    carry_out("embedded", "--versions", "30", "--every", "1", "--patience", "600")


@pytest.mark.embedded
def test_retention_run_survives_kills() -> None:
    carry_out("retention", "--downloads", "4", "--versions", "6", "--patience", "600")


@pytest.mark.embedded
def test_an_import_that_is_killed_imports_everything_once() -> None:
    assert "files with another digest" in carry_out(
        "importing", "--releases", "6", "--files", "20", "--size", "2000", "--large", "5000000", "--patience", "600"
    )
