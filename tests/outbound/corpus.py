"""The corpus of webhook targets. `test_targets` judges all of it; other tests take one target of each kind."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from releasehub.outbound.urls import InvalidUrl, parse_target

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parents[1] / "corpora" / "ssrf_targets.json").read_text())[
    "cases"
]


def one_of_each(cases: Iterable[dict[str, Any]], *members: str) -> list[dict[str, Any]]:
    """Return the first of the cases for every combination of values that these members have in the corpus."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for case in cases:
        found.setdefault(tuple(case[name] for name in members), case)
    return list(found.values())


def host_of(url: str) -> str:
    try:
        return parse_target(url).host
    except InvalidUrl:
        return ""


BLOCKED = [case for case in CASES if case["expect"] == "block" and "redirect_to" not in case]
REFUSED_WHEN_SAVED = one_of_each((case for case in CASES if case["stage"] == "create"), "class")
REFUSED_WHEN_SENT = one_of_each(BLOCKED, "class", "stage")
