"""Every class of the project has a name of its own, so that a search finds one home."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).resolve().parent.parent
CODE = ("releasehub", "downloads", "versions", "files", "cli/releasehub_cli", "bench")
CLASS = re.compile(r"^class (\w+)", re.MULTILINE)
NAMED_BY_DJANGO = {"Command", "Migration"}


def test_no_two_classes_have_one_name() -> None:
    homes: dict[str, list[str]] = defaultdict(list)
    for path in (path for folder in CODE for path in (ROOT / folder).rglob("*.py")):
        for name in CLASS.findall(path.read_text(encoding="utf-8")):
            homes[name].append(str(path.relative_to(ROOT)))
    twice = {name: places for name, places in homes.items() if len(places) > 1 and name not in NAMED_BY_DJANGO}
    assert twice == {}
