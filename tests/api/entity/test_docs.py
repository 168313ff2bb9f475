"""The commands in the documentation work unchanged, and the tests that it names exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.api.described import operations
from tests.api.entity.world import zipped
from tests.documented import DOCS, needs_commands, run_commands
from tests.factories import make_key

FOLDER = Path(__file__).parent
PAGE = (DOCS / "api/entity.md").read_text(encoding="utf-8")
ROWS = re.findall(r"\| `([A-Z]+) (/[^`]+)` \|.*\| `(\w+\.py)::(\w+)` \|", PAGE)


@needs_commands
@pytest.mark.django_db(transaction=True)
def test_documented_commands_run_as_written(live_server: Any, tmp_path: Path) -> None:
    (tmp_path / "package.zip").write_bytes(zipped("documented"))
    (tmp_path / "package-lock.json").write_text("{}")
    run_commands("api/entity.md", tmp_path, KEY=make_key(), HUB=live_server.url)


@pytest.mark.embedded
@pytest.mark.parametrize(("file", "name"), sorted(set(re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE))))
def test_named_tests_exist(file: str, name: str) -> None:
    assert f"def {name}(" in (FOLDER / file).read_text(encoding="utf-8")


@pytest.mark.embedded
def test_every_operation_is_in_the_table() -> None:
    told = {(verb.lower(), re.sub(r"\{\w+\}", "{}", f"/api{path}")) for verb, path, _, _ in ROWS}
    made = operations("/api/entities", "/api/organizations")
    assert told == {(verb, re.sub(r"\{\w+\}", "{}", path)) for verb, path in made}
