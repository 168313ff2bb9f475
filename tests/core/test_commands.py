"""The management commands of the hub."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, find_commands, load_command_class

from manage import main
from releasehub.core.commands import HubCommand
from releasehub.core.errors import StorageUnavailable
from releasehub.operations.commands import OperationCommand

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


class Printing(HubCommand):
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(options["text"])
        self.stderr.write(options["text"], ending="")
        raise CommandError(options["text"])


def test_texts_of_others_do_not_control_the_terminal() -> None:
    """The tag of a release on another host is printed by `import`, for example."""
    text = "v1\x1b]0;title\x07\u009b2J\u202e\r\ta\u00a0\u00fc\n\x1b[32mgreen\x1b[0m"
    printed = "v1\\x1b]0;title\\x07\\x9b2J\\u202e\\r\ta\u00a0\u00fc\n\x1b[32mgreen\x1b[0m"
    out, errors = StringIO(), StringIO()
    with pytest.raises(CommandError):
        Printing().execute(stdout=out, stderr=errors, text=text, no_color=True, force_color=False, skip_checks=True)
    assert (out.getvalue(), errors.getvalue()) == (f"{printed}\n", printed)


def test_error_of_a_command_does_not_control_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    command = Printing()
    command.handle = partial(command.handle, text="v1\x1b]0;title")  # type: ignore[method-assign]
    with pytest.raises(SystemExit):
        command.run_from_argv(["manage.py", "printing"])
    assert capsys.readouterr().err == "v1\\x1b]0;titleCommandError: v1\\x1b]0;title\n"


class Failing(HubCommand):
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        read_all(options["rows"])


class FailingOperation(OperationCommand):
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        with self.reporting(options):
            read_all(options["rows"])


def read_all(states: list[str]) -> None:
    rows = cursor(states)
    for _ in rows:
        raise StorageUnavailable


def cursor(states: list[str]) -> Iterator[int]:
    try:
        yield 1
    finally:
        states.append("closed")


@pytest.mark.parametrize("command", [Failing(), FailingOperation()])
def test_a_command_that_fails_leaves_no_cursor_open(command: HubCommand) -> None:
    """The error of the command refers to the cursor until the process ends, after the connection was closed."""
    states: list[str] = []
    with pytest.raises(CommandError) as error:
        command.execute(rows=states, verbosity=0, no_color=True, force_color=False, skip_checks=True)
    assert error.value.__cause__
    assert states == ["closed"]
