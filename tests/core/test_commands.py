"""The management commands of the hub."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import find_commands, load_command_class

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
