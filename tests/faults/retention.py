"""The retention run is killed again and again: each selected version is deleted exactly once, and no other."""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from random import Random

from tests.faults.launcher import Launchers, StartedCommand
from tests.faults.verdicts import Report
from tests.services.processes import ServiceError
from tests.services.run import make_folder, temporary_folder
from tests.services.servers import ROOT

DELETED = "SELECT number FROM versions_version WHERE deleted_at IS NOT NULL"
LIVE = "SELECT count(*) FROM versions_version WHERE deleted_at IS NULL"
AUDITED = "SELECT target_id FROM audit_auditentry WHERE action = 'version.delete_soft'"
ANNOUNCED = "SELECT object_id FROM webhooks_event WHERE type = 'version.deleted'"
COUNTED = "SELECT deleted_count FROM publishing_retentionrun"
UNFINISHED = "SELECT count(*) FROM publishing_retentionrun WHERE finished_at IS NULL"


class Hub:
    """A hub without a server: SQLite in a folder, and commands that are forks of a process that has loaded the hub."""

    def __init__(self, folder: Path, launchers: Launchers) -> None:
        self._launchers = launchers
        self.data = folder / "data"
        make_folder(self.data)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "RELEASEHUB_DATA_DIR": str(self.data),
            "DJANGO_SETTINGS_MODULE": "releasehub.settings.base",
        }

    def start(self, *arguments: object) -> StartedCommand:
        return self._launchers.of(self.environment).begin(*arguments)

    def run(self, *arguments: object) -> None:
        self._launchers.of(self.environment).run(*arguments)

    def rows(self, sql: str) -> list[object]:
        with closing(sqlite3.connect(self.data / "releasehub.sqlite3", timeout=30)) as connection:
            return [row[0] for row in connection.execute(sql)]


def run(*, downloads: int, versions: int, seed: int, patience: float) -> Report:
    report, chance = Report(f"the retention run is killed, seed {seed}"), Random(seed)
    with temporary_folder() as folder, Launchers(make_folder(folder / "output")) as launchers:
        hub = Hub(folder, launchers)
        hub.run("-m", "tests.faults.retention_world", "--downloads", downloads, "--versions", versions)
        total = downloads * (versions - 1)
        kills = kill_at_random(hub, total, chance, time.monotonic() + patience)
        hub.run("manage.py", "apply_retention")
        hub.run("manage.py", "apply_retention")
        report.must("times the run was killed while it worked", kills, holds=kills > 0)
        report.must("versions deleted", len(hub.rows(DELETED)), holds=len(hub.rows(DELETED)) == total)
        report.must("versions left", hub.rows(LIVE)[0], holds=hub.rows(LIVE) == [downloads])
        for what, sql in (("audit rows", AUDITED), ("events", ANNOUNCED)):
            found = hub.rows(sql)
            report.must(what, len(found), holds=len(found) == len(set(found)) == total)
        counted = sum(int(str(number)) for number in hub.rows(COUNTED))
        report.must("deletions that the runs counted", counted, holds=counted == total)
        report.must("runs that are not finished", hub.rows(UNFINISHED)[0], holds=hub.rows(UNFINISHED) == [0])
    return report


def kill_at_random(hub: Hub, total: int, chance: Random, deadline: float) -> int:
    """Start the run, kill it after a random number of deletions, and repeat. Return how often it was killed at work."""
    kills, done = 0, 0
    while done < total * 0.8:
        goal = done + chance.randrange(1, max(2, total // 2))
        command = hub.start("manage.py", "apply_retention")
        try:
            while command.process.poll() is None and len(hub.rows(DELETED)) < goal:
                if time.monotonic() > deadline:
                    raise ServiceError(f"Only {len(hub.rows(DELETED))} of {total} versions were deleted.")
                time.sleep(0.002)
            kills += command.process.poll() is None
        finally:
            command.kill()
        done = len(hub.rows(DELETED))
    return kills
