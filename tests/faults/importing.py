"""An import from another hub is killed twice: the digests are identical, and nothing exists twice."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from random import Random

from tests import hubs
from tests.faults.launcher import Launchers
from tests.faults.retention import Hub
from tests.faults.verdicts import Report
from tests.services.processes import ServiceError
from tests.services.run import make_folder, temporary_folder

KILLS = 2
PUBLISHED = "SELECT count(*) FROM versions_version WHERE state = 'published'"
CONTENTS = (
    "SELECT v.tag || ' ' || f.filename || ' ' || b.sha256 FROM files_file f JOIN versions_version v ON v.id = "
    "f.version_id JOIN files_blob b ON b.id = f.blob_id WHERE f.deleted_at IS NULL"
)
AUDITED = "SELECT target_id FROM audit_auditentry WHERE action = 'version.publish'"
ANNOUNCED = "SELECT object_id FROM webhooks_event WHERE type = 'version.published'"
LEASED = ("importing_importrun", "files_uploadsession")
LEFT = "SELECT count(*) FROM files_uploadsession WHERE blob_id IS NOT NULL OR state IN ('created', 'uploaded')"
UNFINISHED = "SELECT count(*) FROM importing_importrun WHERE finished_at IS NULL"


def run(*, releases: int, files: int, size: int, large: int, seed: int, patience: float) -> Report:
    report, chance = Report(f"an import is killed {KILLS} times, seed {seed}"), Random(seed)
    with temporary_folder() as folder, Launchers(make_folder(folder / "output")) as launchers:
        source, target = _hub(folder / "source", launchers), _hub(folder / "target", launchers)
        world = ("-m", "tests.faults.importing_world")
        numbers = ("--releases", releases, "--files", files, "--size", size, "--large", large, "--seed", seed)
        source.run(*world, *numbers)
        target.run(*world)
        server = hubs.start(source.data, RELEASEHUB_DEMO="0", RELEASEHUB_ANONYMOUS_RATE="0")
        try:
            _import(report, target, server.url, releases, chance, time.monotonic() + patience)
        finally:
            server.end()
        _compare(report, source, target, releases, files)
    return report


def _hub(folder: Path, launchers: Launchers) -> Hub:
    make_folder(folder)
    hub = Hub(folder, launchers)
    hub.environment |= {
        "RELEASEHUB_MIN_FREE_BYTES": "0",
        "RELEASEHUB_DEMO": "0",
        "RELEASEHUB_WEBHOOK_ALLOW_NETS": "127.0.0.0/8",
    }
    return hub


def _import(report: Report, target: Hub, url: str, releases: int, chance: Random, deadline: float) -> None:
    """Start the import, kill it after a random number of releases, and repeat. Then let it end."""
    command = ("manage.py", "import", "github", "acme/tool", "--api", f"{url}/api/v3", "--to", "tool")
    goals = sorted(chance.sample(range(1, max(releases * 4 // 5, KILLS + 1)), KILLS))
    seconds, largest = 0.0, 0
    for goal in [*goals, None]:
        started = time.monotonic()
        largest = max(largest, _run_until(target, command, goal, deadline))
        seconds += time.monotonic() - started
        _end_lease(target)
    report.must("seconds of the import", round(seconds, 1), holds=True)
    report.must("most memory of the command in MiB", largest // 1024, holds=largest > 0)


def _run_until(target: Hub, arguments: tuple[str, ...], goal: int | None, deadline: float) -> int:
    """Run the command until it has published so many versions, and kill it then. Return its most memory in KiB."""
    command, largest = target.start(*arguments), 0
    try:
        while command.process.poll() is None:
            largest = max(largest, _peak_memory(command.process.pid))
            if goal is not None and int(str(target.rows(PUBLISHED)[0])) >= goal:
                return largest
            if time.monotonic() > deadline:
                raise ServiceError("The import did not end in time.")
            time.sleep(0.01)
    finally:
        command.kill()
    if goal is not None or command.process.returncode:
        raise ServiceError(f"The import ended with {command.process.returncode}:\n{command.finish()[1][-2000:]}")
    return largest


def _peak_memory(pid: int) -> int:
    """Return the most memory that the process has used until now in KiB, or 0 if it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1])
    return 0


def _end_lease(target: Hub) -> None:
    """End the leases of the killed process on the run and an upload, instead of waiting for one and five minutes."""
    with closing(sqlite3.connect(target.data / "releasehub.sqlite3", timeout=30)) as connection:
        for table in LEASED:
            connection.execute(f"UPDATE {table} SET lease_until = '2000-01-01' WHERE lease_until IS NOT NULL")  # noqa: S608
        connection.commit()


def _compare(report: Report, source: Hub, target: Hub, releases: int, files: int) -> None:
    here, there = target.rows(CONTENTS), source.rows(CONTENTS)
    report.must("versions", target.rows(PUBLISHED)[0], holds=target.rows(PUBLISHED) == [releases])
    report.must("files", len(here), holds=len(here) == len(set(here)) == files)
    report.must("files with another digest", len(set(here) ^ set(there)), holds=set(here) == set(there))
    for what, sql in (("audit rows", AUDITED), ("events", ANNOUNCED)):
        found = target.rows(sql)
        report.must(what, len(found), holds=len(found) == len(set(found)) == releases)
    report.must("uploads that are left over", target.rows(LEFT)[0], holds=target.rows(LEFT) == [0])
    report.must("runs that are not finished", target.rows(UNFINISHED)[0], holds=target.rows(UNFINISHED) == [0])
