"""Backups, restores and moves are killed at random points and run again: in the end every digest is right."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from tests.faults.embedded import is_ready
from tests.faults.operations_visitor import Visitor
from tests.faults.stage import environment_command
from tests.faults.verdicts import Report
from tests.services.processes import HOST, ServiceError, die_with_parent, free_ports, running, wait_until
from tests.services.run import services, temporary_folder
from tests.services.servers import ROOT

WORLD = ROOT / "tests" / "faults" / "operations_world.py"
PASSPHRASE = "the passphrase of a fault run"


@dataclass
class Machine:
    """A data directory, and the variables that lead to its database and storage."""

    data: Path
    variables: dict[str, str] = field(default_factory=dict)

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "RELEASEHUB_DATA_DIR": str(self.data),
            "RELEASEHUB_DEMO": "0",
            "RELEASEHUB_MIN_FREE_BYTES": "0",
            "RELEASEHUB_DATABASE_POOL": "0",
            "RELEASEHUB_BACKUP_PASSPHRASE": PASSPHRASE,
            "DJANGO_SETTINGS_MODULE": "releasehub.settings.base",
            "LOG_LEVEL": "ERROR",
            **self.variables,
        }

    def start(self, *arguments: object) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *map(str, arguments)],
            cwd=ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: die_with_parent(signal.SIGKILL),
        )

    def run(self, *arguments: object) -> str:
        """Run a command to its end, and return its output.

        Raises:
            ServiceError: The command failed.
        """
        process = self.start(*arguments)
        output, errors = process.communicate()
        if process.returncode:
            raise ServiceError(f"{arguments} ended with {process.returncode}:\n{output[-1000:]}{errors[-3000:]}")
        return output

    def manage(self, *arguments: object) -> str:
        return self.run("manage.py", *arguments)

    def figures(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(WORLD, "figures").splitlines()[-1])
        return found

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep changing the hub during the block."""
        process = self.start(WORLD, "change")
        try:
            yield
            if process.poll() is not None:
                raise ServiceError(f"The writer ended: {process.communicate()[1][-2000:]}")
        finally:
            process.kill()
            process.communicate()


class Killer:
    """Runs commands, and kills them at random points."""

    def __init__(self, seed: int, kills: int) -> None:
        self._chance, self._kills = Random(seed), kills
        self.killed = 0

    def run(self, machine: Machine, seconds: float, *arguments: object) -> None:
        """Start the command again and again, and kill it after a part of the seconds that it takes.

        The command that is started after this one runs to its end.
        """
        for _ in range(self._kills):
            process = machine.start("manage.py", *arguments)
            try:
                process.communicate(timeout=seconds * self._chance.uniform(0.2, 1.0))
            except subprocess.TimeoutExpired:
                self.killed += 1
            else:
                if process.returncode == 0:
                    return  # it was faster than before
            finally:
                process.kill()
                process.communicate()


def timed(machine: Machine, *arguments: object) -> tuple[float, str]:
    started = time.monotonic()
    output = machine.manage(*arguments)
    return time.monotonic() - started, output.strip()


def run(*, versions: int, size: int, kills: int, services_too: int, seed: int) -> Report:
    """Kill each command `kills` times.

    Args:
        versions: Versions of the hub, each with a file.
        size: Average size of a file in bytes.
        kills: Kills of each command.
        services_too: 1: also restore into PostgreSQL, move to it, and move files to S3.
        seed: Of all random choices.
    """
    report = Report(f"operations on a hub with {versions} versions, seed {seed}")
    with temporary_folder() as folder, services("postgres", "s3") if services_too else nullcontext({}) as given:
        old = Machine(folder / "old")
        old.run(WORLD, "prepare")
        new = Machine(folder / "new")
        shutil.copytree(old.data, new.data)
        old.run(WORLD, "fill", versions, size, seed)
        killer = Killer(seed, kills)
        back_up(report, killer, old, folder)
        restore(report, killer, old, new, folder / "target")
        if given:
            postgres = {"DATABASE_URL": given["DATABASE_URL"]}
            s3 = {name: value for name, value in given.items() if name.startswith(("AWS_", "RELEASEHUB_STORAGE"))}
            move_rows(report, killer, old, postgres)
            move_files(report, killer, old, postgres, s3)
            back_from_services(report, Machine(old.data, postgres | s3), Machine(folder / "back", only_keys(s3)))
            restore_to_services(report, new, Machine(folder / "third", postgres | s3), folder / "target")
        report.say("commands killed", killer.killed)
        report.must("kills that struck", killer.killed, holds=killer.killed > 0 or not kills)
    return report


def back_up(report: Report, killer: Killer, old: Machine, folder: Path) -> None:
    target = folder / "target"
    seconds, output = timed(old, "backup", folder / "measured")
    report.say("first backup", f"{seconds:.1f} s: {output}")
    report.say("size of the target", size_of(folder / "measured"))
    seconds_again, _ = timed(old, "backup", folder / "measured")
    report.say("second backup, nothing new", f"{seconds_again:.1f} s")
    with old.changing():
        killer.run(old, seconds, "backup", target, "--keep", 2)
        old.manage("backup", target, "--keep", 2)
        consistent = old.manage("verify_backup", target)
    report.must("backup of a changing hub after kills", consistent.strip(), holds="is sound" in consistent)
    old.manage("backup", target, "--keep", 1)
    seconds, output = timed(old, "verify_backup", target)
    report.must("its last backup", f"{seconds:.1f} s: {output}", holds="is sound" in output)
    left = [path for path in (target / "staging").rglob("*") if path.is_file()]
    report.must("unfinished objects in the target", len(left), holds=not left)
    backups = [path for path in (target / "backups").iterdir() if any(path.iterdir())]
    report.must("backups in the target", len(backups), holds=len(backups) == 1)


def restore(report: Report, killer: Killer, old: Machine, new: Machine, target: Path) -> None:
    measured = Machine(new.data.with_name("measured-machine"))
    shutil.copytree(new.data, measured.data)
    seconds, output = timed(measured, "restore", target)
    report.say("restore on an empty machine", f"{seconds:.1f} s")
    for line in output.splitlines():
        report.say("", line)
    killer.run(new, seconds, "restore", target)
    finish_restore(new, target)
    different = differences(old, new)
    report.must("tables that differ after kills", different or 0, holds=not different)
    refused = new.start("manage.py", "restore", target)
    _, errors = refused.communicate()
    report.must("a hub with data is not overwritten", "not empty" in errors, holds="not empty" in errors)
    report.must("stored files", new.manage("verify_storage") or "all sound", holds=True)


def finish_restore(new: Machine, target: Path) -> None:
    """Restore, unless a run that was killed as it ended had restored everything and removed its marker."""
    process = new.start("manage.py", "restore", target)
    _, errors = process.communicate()
    is_done = "not empty" in errors and not (new.data / "restoring").exists()
    if process.returncode and not is_done:
        raise ServiceError(f"The restore after the kills failed: {errors[-2000:]}")


def move_rows(report: Report, killer: Killer, old: Machine, postgres: dict[str, str]) -> None:
    """Move the rows of a hub that serves a visitor, who publishes until the hub refuses it."""
    old.manage("read_only", "off")
    download_id, key = old.run(WORLD, "visited").split()
    with served(old) as url, Visitor(url, key, int(download_id)) as visitor:
        killer.run(old, 20, "move_database", postgres["DATABASE_URL"])
        seconds, output = timed(old, "move_database", postgres["DATABASE_URL"])
    report.say("move to PostgreSQL", f"{seconds:.1f} s: {output}")
    reads, refusals = dict(visitor.reads), dict(visitor.refusals)
    report.must("pages that a visitor read meanwhile", reads, holds=set(reads) == {200})
    report.must("changes refused", refusals, holds=set(refusals) <= {(503, True)} and bool(refusals))
    report.say("changes accepted before", len(visitor.acknowledged))
    moved = Machine(old.data, postgres)
    numbers = set(moved.run(WORLD, "numbers").split())
    lost = set(visitor.acknowledged) - numbers
    report.must("accepted changes that PostgreSQL does not have", len(lost), holds=not lost)
    expected, found = old.figures(), moved.figures()
    different = [name for name in expected if expected[name] != found[name]]
    report.must("tables that differ on PostgreSQL", different or 0, holds=not different)
    status = old.manage("read_only", "status")
    report.must("the old database refuses changes", status.strip(), holds="is read-only" in status)
    fresh = moved.manage("read_only", "status")
    report.must("the new one accepts them", fresh.strip(), holds="accepts changes" in fresh)


@contextmanager
def served(machine: Machine) -> Iterator[str]:
    """Serve the hub of the machine, and yield its URL."""
    port = free_ports(1)
    url = f"http://{HOST}:{port}"
    command = environment_command(machine.environment(), [ROOT / "manage.py", "serve", "--port", port])
    with running("The hub", command, log=machine.data / "serve.log") as child:
        wait_until(partial(is_ready, url), child, seconds=300)
        yield url


def move_files(report: Report, killer: Killer, old: Machine, postgres: dict[str, str], s3: dict[str, str]) -> None:
    before = Machine(old.data, postgres | s3 | {"RELEASEHUB_STORAGE": "local"})
    killer.run(before, 20, "move_files", "--to", "s3")
    seconds, output = timed(before, "move_files", "--to", "s3")
    report.say("move to S3", f"{seconds:.1f} s: {output.splitlines()[0]}")
    after = Machine(old.data, postgres | s3)
    last = after.manage("move_files", "--to", "s3")
    report.must("once more after the restart", last.strip(), holds=" 0 were copied" in last)
    status = after.manage("read_only", "status")
    report.must("the hub on S3 accepts changes", status.strip(), holds="accepts changes" in status)
    after.manage("verify_storage")


def only_keys(s3: dict[str, str]) -> dict[str, str]:
    """Return the variables of a hub that reaches S3, but stores its files on disk."""
    return {name: value for name, value in s3.items() if name.startswith("AWS_")}


def back_from_services(report: Report, hub: Machine, new: Machine) -> None:
    """Back up PostgreSQL and S3 into S3, and restore that on SQLite and disk."""
    target = f"s3://{hub.variables['AWS_STORAGE_BUCKET_NAME']}/backups"
    seconds, output = timed(hub, "backup", target)
    report.must("backup into S3", f"{seconds:.1f} s: {output}", holds="is complete" in output)
    output = hub.manage("verify_backup", target)
    report.must("the backup in S3", output.strip(), holds="is sound" in output)
    new.run(WORLD, "prepare")
    output = new.manage("restore", target)
    different = differences(hub, new)
    report.must("tables that differ on SQLite", different or 0, holds=not different and "is restored" in output)


def restore_to_services(report: Report, new: Machine, third: Machine, target: Path) -> None:
    """Restore the backup of SQLite and files on disk into PostgreSQL and S3, in place of the moved hub.

    It has the same content as on the machine `new`, and not as in the old hub, which was changed after the backup.
    """
    seconds, output = timed(third, "restore", target, "--replace")
    report.say("restore into PostgreSQL and S3", f"{seconds:.1f} s")
    different = differences(new, third)
    report.must("tables that differ there", different or 0, holds=not different and "is restored" in output)


def differences(old: Machine, new: Machine) -> list[str]:
    expected, found = old.figures(), new.figures()
    return [name for name in expected if expected[name] != found[name]]


def size_of(folder: Path) -> str:
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return f"{size / 1024**2:.1f} MiB"
