"""A hub is upgraded from an older release while a visitor reads and publishes: the visitor only has to try again.

The older release runs from a worktree of its own, with the packages of this one unless it has a folder `.venv`:

    git worktree add /tmp/old COMMIT
    python tests/faults/run.py upgrading --old /tmp/old --versions 100000

With `--stop 1`, the old processes stop before the migrations, as an upgrade to 0.2.0 needs. Otherwise old and new
processes run side by side, as behind a proxy that asks the other one if the first does not answer. Then every migration
in between has to be one that the older release can work with. Otherwise its processes refuse new versions with 409 from
the moment that a required column exists which they do not know, and the run fails.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import psycopg

from tests.faults.embedded import is_ready
from tests.faults.stage import Service, environment_command
from tests.faults.upgrading_rows import fill
from tests.faults.upgrading_visitor import PatientVisitor
from tests.faults.verdicts import Report
from tests.services.processes import HOST, ServiceError, free_ports, running, wait_until
from tests.services.run import make_folder, services, temporary_folder
from tests.services.servers import ROOT

KEY = re.compile(r"API key: +(\S+)")
START_SECONDS = 600.0
STEADY_VERSIONS = 20  # published before the upgrade begins, and again after it has ended


class Release:
    """A hub with the code of one folder; both releases use the same database and files."""

    def __init__(self, code: Path, data: Path, database_url: str) -> None:
        self.code, self.data, self.port = code, data, free_ports(1)
        self.url = f"http://{HOST}:{self.port}"
        own = code / ".venv" / "bin" / "python"
        self.python = str(own if own.exists() else sys.executable)
        self.environment = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(code),
            "DATABASE_URL": database_url,
            "RELEASEHUB_DATA_DIR": str(data),
            "PYTHONUNBUFFERED": "1",  # the first start prints an API key
            "RELEASEHUB_MIN_FREE_BYTES": "0",
            "SECRET_KEY": "a-key-of-a-fault-run-0123456789abcdefghijkl",
            "DJANGO_SETTINGS_MODULE": "releasehub.settings.base",
        }
        self.log = data / f"{self.port}.log"
        self.service = Service(self._served)

    def _served(self) -> Any:
        return running("The hub", self._command("serve", "--port", self.port), log=self.log)

    def _command(self, *arguments: object) -> list[str]:
        command = environment_command(self.environment, [self.code / "manage.py", *arguments])
        return [self.python if part == sys.executable else str(part) for part in command]

    def start(self) -> None:
        self.service.start()
        wait_until(partial(is_ready, self.url), self.service.child, seconds=START_SECONDS)

    def migrate(self) -> float:
        """Run the migrations of this release, and return how many seconds they took."""
        started = time.monotonic()
        done = subprocess.run(
            self._command("migrate", "-v0"), cwd=self.code, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise ServiceError(f"The migrations failed:\n{done.stderr[-3000:]}")
        return time.monotonic() - started


def run(*, old: str, versions: int, stop: int, patience: float, seed: int) -> Report:
    """Upgrade the hub.

    Args:
        old: The worktree of the older release.
        versions: Versions of the hub, each with a file.
        stop: 1: stop the old processes before the migrations.
        patience: How long the visitor repeats a request, in seconds.
        seed: Not used; nothing here is random.
    """
    code = Path(old)
    if not (code / "manage.py").is_file():
        raise ServiceError("Name the worktree of an older release: --old /tmp/old")
    report = Report(f"upgrade with {versions} versions, {'with a stop' if stop else 'side by side'}")
    with temporary_folder() as folder, services("postgres") as given, ExitStack() as stack:
        data = folder / "data"
        make_folder(data)
        before, after = (Release(root, data, given["DATABASE_URL"]) for root in (code, ROOT))
        for release in (before, after):
            stack.callback(release.service.end)
        before.start()
        wait_until(lambda: bool(KEY.search(before.log.read_text())), before.service.child)
        key = str(KEY.findall(before.log.read_text())[0])
        download_id = fill(given["DATABASE_URL"], before, versions)
        with PatientVisitor([before.url, after.url], key, download_id, patience) as visitor:
            visitor.wait_for(STEADY_VERSIONS)
            upgrade(report, before, after, visitor, is_stopped=bool(stop))
            visitor.wait_for(STEADY_VERSIONS)
        judge(report, visitor, given["DATABASE_URL"], versions)
    return report


def upgrade(report: Report, before: Release, after: Release, visitor: PatientVisitor, *, is_stopped: bool) -> None:
    if is_stopped:
        before.service.end()
    published = len(visitor.acknowledged)
    report.say("migrations", f"{after.migrate():.1f} s")
    published = len(visitor.acknowledged) - published
    if not is_stopped:
        report.must("versions published during the migrations", published, holds=published > 0)
    after.start()
    if not is_stopped:
        before.service.end()


def judge(report: Report, visitor: PatientVisitor, database_url: str, versions: int) -> None:
    report.must("requests that failed in the end", visitor.failed or 0, holds=not visitor.failed)
    report.must("requests refused, by status", dict(visitor.refused), holds=not visitor.refused)
    report.must("versions published in total", len(visitor.acknowledged), holds=len(visitor.acknowledged) > 0)
    report.say("pages and lists read", visitor.read_count)
    report.say("requests tried again, by cause", dict(visitor.retries))
    report.say("longest time until a request succeeded", f"{visitor.longest:.1f} s")
    report.say("slowest response", f"{visitor.slowest:.1f} s")
    with psycopg.connect(database_url) as connection:
        numbers = [number for (number,) in connection.execute("SELECT number FROM versions_version")]
    lost = set(visitor.acknowledged).difference(numbers)
    report.must("published versions that the new release does not have", len(lost), holds=not lost)
    report.must("versions in the database", len(numbers), holds=len(numbers) >= versions)
