"""Backups, restores and moves are killed at random points and run again: in the end every digest is right."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from tests.faults.embedded import is_ready
from tests.faults.launcher import Launchers, StartedCommand
from tests.faults.operations_visitor import Visitor
from tests.faults.stage import environment_command, stored_cluster
from tests.faults.verdicts import Report
from tests.services.processes import HOST, ServiceError, free_ports, running, wait_until
from tests.services.run import PARTS, TEST_POSTGRES_SETTINGS, make_folder, services, temporary_folder
from tests.services.servers import ROOT, copy_cluster, postgres_url, running_cluster, s3_client

WORLD = ROOT / "tests" / "faults" / "operations_world.py"
PASSPHRASE = "the passphrase of a fault run"
FENCED = "SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'read_only_%'"
WATCH_SECONDS = 0.01
LOADED_MODULES = (
    "tests.faults.cheap_secrets",
    "releasehub.operations.backups.creating",
    "releasehub.operations.backups.restoring",
)


@dataclass
class Machine:
    """A data directory, and the variables that lead to its database and storage."""

    launchers: Launchers
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

    def begin(self, *arguments: object) -> StartedCommand:
        return self.launchers.of(self.environment()).begin(*arguments)

    def run(self, *arguments: object) -> str:
        """Run a command to its end, and return its output.

        Raises:
            ServiceError: The command failed.
        """
        return self.launchers.of(self.environment()).run(*arguments)

    def manage(self, *arguments: object) -> str:
        return self.run("manage.py", *arguments)

    def figures(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(WORLD, "figures").splitlines()[-1])
        return found

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Keep changing the hub during the block."""
        command = self.begin(WORLD, "change")
        try:
            yield
            if command.process.poll() is not None:
                raise ServiceError(f"The writer ended: {command.finish()[1][-2000:]}")
        finally:
            command.kill()


class Killer:
    """Runs commands and kills them, first at the beginning of their work and then at random points."""

    def __init__(self, seed: int, kills: int) -> None:
        self._chance, self._kills = Random(seed), kills
        self.killed: Counter[str] = Counter()

    def run(self, machine: Machine, begun: Callable[[], bool], seconds: float, *arguments: object) -> None:
        """Start the command again and again, and kill it after a part of the seconds that it takes.

        The first one is killed as soon as `begun` says that its work has begun. The command that is started after this
        one runs to its end.
        """
        for number in range(self._kills):
            command = machine.begin("manage.py", *arguments)
            try:
                if number == 0:
                    wait_for(begun, command)
                else:
                    command.process.wait(seconds * self._chance.uniform(0.2, 1.0))
            except subprocess.TimeoutExpired:
                pass
            finally:
                is_killed = command.process.poll() is None
                command.kill()
            self.killed[str(arguments[0])] += is_killed
            if not is_killed and command.process.returncode == 0:
                return  # it was faster than before


def wait_for(begun: Callable[[], bool], command: StartedCommand) -> None:
    while not begun() and command.process.poll() is None:
        time.sleep(WATCH_SECONDS)


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
    with temporary_folder() as folder, targets(folder) if services_too else nullcontext({}) as given:
        with Launchers(make_folder(folder / "output"), *LOADED_MODULES) as launchers:
            machine = partial(Machine, launchers)
            old, new = machine(folder / "old"), machine(folder / "new")
            old.run(WORLD, "prepare")
            shutil.copytree(old.data, new.data)
            old.run(WORLD, "fill", versions, size, seed)
            killer = Killer(seed, kills)
            seconds = back_up(report, killer, old, folder)
            restore(report, killer, old, new, folder / "target")
            if given:
                postgres = {"DATABASE_URL": given["DATABASE_URL"]}
                s3 = {name: value for name, value in given.items() if name.startswith(("AWS_", "RELEASEHUB_STORAGE"))}
                moved = machine(old.data, postgres | s3 | {"RELEASEHUB_STORAGE": "local"})
                after = machine(old.data, postgres | s3)
                move_rows(report, killer, seconds, old, moved)
                move_files(report, killer, seconds, moved, after)
                back_from_services(report, after, machine(folder / "back", only_keys(s3)))
                restore_to_services(report, new, machine(folder / "third", postgres | s3), folder / "target")
        for command, number in killer.killed.items():
            report.must(f"kills of {command}", number, holds=number > 0 or not kills)
    return report


@contextmanager
def targets(folder: Path) -> Iterator[dict[str, str]]:
    """Start the servers that the hub moves to.

    In a session of tests, PostgreSQL begins with the cluster that an earlier run has stored, which has all tables, and
    the S3 server is that of the session, because no part of the run ends it.
    `tests/operations/test_documented_moves.py` moves to an empty database.
    """
    stored = stored_cluster()
    if not stored:
        with services("postgres", "s3") as given:
            yield given
        return
    place = make_folder(folder / "postgres")
    copy_cluster(stored, place)
    with empty_bucket() as given, running_cluster(place, TEST_POSTGRES_SETTINGS):
        yield given | {"DATABASE_URL": postgres_url(place, "hub")}


@contextmanager
def empty_bucket() -> Iterator[dict[str, str]]:
    """Yield the variables that lead to an empty bucket, on the S3 server of a session of tests if there is one."""
    if "AWS_S3_ENDPOINT_URL" not in os.environ:
        with services("s3") as given:
            yield given
        return
    found = {name: os.environ[name] for name in PARTS["s3"]}
    found["AWS_STORAGE_BUCKET_NAME"] = f"faults-{secrets.token_hex(6)}"
    with closing(s3_client(found)) as client:
        client.create_bucket(Bucket=found["AWS_STORAGE_BUCKET_NAME"])
    yield found


def back_up(report: Report, killer: Killer, old: Machine, folder: Path) -> float:
    """Return the seconds of a first backup."""
    target = folder / "target"
    seconds, output = timed(old, "backup", folder / "measured")
    report.say("first backup", f"{seconds:.1f} s: {output}")
    report.say("size of the target", size_of(folder / "measured"))
    seconds_again, _ = timed(old, "backup", folder / "measured")
    report.say("second backup, nothing new", f"{seconds_again:.1f} s")
    with old.changing():
        killer.run(old, partial(has_files, target), seconds, "backup", target, "--keep", 2)
        old.manage("backup", target, "--keep", 2)
        consistent = old.manage("verify_backup", target)
    report.must("backup of a changing hub after kills", consistent.strip(), holds="is sound" in consistent)
    old.manage("backup", target, "--keep", 1)
    seconds_verified, output = timed(old, "verify_backup", target)
    report.must("its last backup", f"{seconds_verified:.1f} s: {output}", holds="is sound" in output)
    left = [path for path in (target / "staging").rglob("*") if path.is_file()]
    report.must("unfinished objects in the target", len(left), holds=not left)
    backups = [path for path in (target / "backups").iterdir() if any(path.iterdir())]
    report.must("backups in the target", len(backups), holds=len(backups) == 1)
    return seconds


def restore(report: Report, killer: Killer, old: Machine, new: Machine, target: Path) -> None:
    measured = Machine(new.launchers, new.data.with_name("measured-machine"))
    shutil.copytree(new.data, measured.data)
    seconds, output = timed(measured, "restore", target)
    report.say("restore on an empty machine", f"{seconds:.1f} s")
    for line in output.splitlines():
        report.say("", line)
    killer.run(new, (new.data / "restoring").exists, seconds, "restore", target)
    finish_restore(new, target)
    different = differences(old, new)
    report.must("tables that differ after kills", different or 0, holds=not different)
    _, errors = new.begin("manage.py", "restore", target).finish()
    report.must("a hub with data is not overwritten", "not empty" in errors, holds="not empty" in errors)
    report.must("stored files", new.manage("verify_storage") or "all sound", holds=True)


def finish_restore(new: Machine, target: Path) -> None:
    """Restore, unless a run that was killed as it ended had restored everything and removed its marker."""
    command = new.begin("manage.py", "restore", target)
    _, errors = command.finish()
    is_done = "not empty" in errors and not (new.data / "restoring").exists()
    if command.process.returncode and not is_done:
        raise ServiceError(f"The restore after the kills failed: {errors[-2000:]}")


def move_rows(report: Report, killer: Killer, seconds: float, old: Machine, moved: Machine) -> None:
    """Move the rows of a hub that serves a visitor, who publishes until the hub refuses it."""
    old.manage("read_only", "off")
    download_id, key = old.run(WORLD, "visited").split()
    with (
        closing(sqlite3.connect(old.data / "releasehub.sqlite3", timeout=30)) as connection,
        served(old) as served_at,
        Visitor(served_at, key, int(download_id)) as visitor,
    ):
        url = moved.variables["DATABASE_URL"]
        visitor.wait_for(visitor.acknowledged)
        killer.run(old, partial(is_fenced, connection), seconds, "move_database", url)
        seconds, output = timed(old, "move_database", url)
        visitor.wait_for(visitor.refusals)
    report.say("move to PostgreSQL", f"{seconds:.1f} s: {output}")
    reads, refusals = dict(visitor.reads), dict(visitor.refusals)
    report.must("pages that a visitor read meanwhile", reads, holds=set(reads) == {200})
    report.must("changes refused", refusals, holds=set(refusals) <= {(503, True)} and bool(refusals))
    report.say("changes accepted before", len(visitor.acknowledged))
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


def move_files(report: Report, killer: Killer, seconds: float, before: Machine, after: Machine) -> None:
    killer.run(before, partial(has_objects, after), seconds, "move_files", "--to", "s3")
    seconds, output = timed(before, "move_files", "--to", "s3")
    report.say("move to S3", f"{seconds:.1f} s: {output.splitlines()[0]}")
    last = after.manage("move_files", "--to", "s3")
    report.must("once more after the restart", last.strip(), holds=" 0 were copied" in last)
    status = after.manage("read_only", "status")
    report.must("the hub on S3 accepts changes", status.strip(), holds="accepts changes" in status)
    after.manage("verify_storage")


def has_files(folder: Path) -> bool:
    return any(path.is_file() for path in folder.rglob("*"))


def is_fenced(connection: sqlite3.Connection) -> bool:
    """Return whether the database refuses every change, which it does immediately before its rows are copied."""
    return bool(connection.execute(FENCED).fetchone()[0])


def has_objects(machine: Machine) -> bool:
    """Return whether a file was copied to S3."""
    with closing(s3_client(machine.variables)) as client:
        return bool(client.list_objects_v2(Bucket=machine.variables["AWS_STORAGE_BUCKET_NAME"], MaxKeys=1)["KeyCount"])


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
