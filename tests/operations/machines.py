"""Machines of their own for operations: a data directory, and commands that run there as processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests import migrated_database
from tests.hubs import ROOT, environment

PASSPHRASE = "a passphrase for tests"


def empty_machine(folder: Path) -> Path:
    """Return a new data directory whose database has all tables and no rows."""
    folder.mkdir(parents=True)
    migrated_database.copy_to(folder / "releasehub.sqlite3")
    return folder


def manage(data: Path, *arguments: object, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a management command on the machine. Services from the environment take part only if they are passed."""
    command = [sys.executable, "manage.py", *map(str, arguments)]
    variables = {"RELEASEHUB_BACKUP_PASSPHRASE": PASSPHRASE, **variables}
    done = environment(data, **variables)
    return subprocess.run(command, cwd=ROOT, env=done, capture_output=True, text=True, timeout=600, check=False)


def managed(data: Path, *arguments: object, **variables: str) -> str:
    """Run a command that has to succeed, and return its output."""
    done = manage(data, *arguments, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
