"""The management commands of the hub."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import find_commands, load_command_class

from manage import main
from releasehub.core.commands import HubCommand

pytestmark = pytest.mark.embedded
ROOT = Path(__file__).resolve().parents[2]
# Both are commands of Django, which the hub extends.
EXTENDED = {"flush", "makemessages"}


def test_commands_start_without_the_checks_of_urls() -> None:
    found = [
        (name, load_command_class(app.name, name))
        for app in apps.get_app_configs()
        if Path(app.path).is_relative_to(ROOT) and ".venv" not in Path(app.path).parts
        for name in find_commands(str(Path(app.path) / "management"))
    ]
    assert len(found) > 20
    slow = [
        name
        for name, command in found
        if name not in EXTENDED and not isinstance(command, HubCommand) and command.requires_system_checks
    ]
    assert slow == []


# Run a command of Django and one of the hub in one process.
TWO_COMMANDS = """
import sys
from manage import main
for command in ("migrate", "verify_audit"):
    sys.argv = ["manage.py", command]
    try:
        main()
    except SystemExit as end:
        print(command, end.code)
"""


def test_a_database_that_cannot_be_used_is_reported_without_a_traceback(tmp_path: Path) -> None:
    (tmp_path / "releasehub.sqlite3").mkdir()  # SQLite cannot open a folder
    environment = {"PATH": os.environ["PATH"], "RELEASEHUB_DATA_DIR": str(tmp_path)}
    arguments = [sys.executable, "-c", TWO_COMMANDS]
    result = subprocess.run(arguments, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    for command in ("migrate", "verify_audit"):
        # Python prints this text and ends with the code 1.
        assert f"{command} The database could not be used. Cause: unable to open database file" in result.stdout
    assert "Traceback" not in result.stderr


def test_others_may_not_change_what_a_command_creates(monkeypatch: pytest.MonkeyPatch) -> None:
    umasks: list[int] = []
    monkeypatch.setattr("releasehub.core.streams.prepare_streams", lambda: None)
    monkeypatch.setattr("django.core.management.execute_from_command_line", lambda _: umasks.append(os.umask(0)))
    before = os.umask(0)
    try:
        main()
    finally:
        os.umask(before)
    assert umasks == [0o002]
