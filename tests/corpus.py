"""The corpora of hostile input: the home of each rule tests all cases, its users one case of each kind."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def cases_of(name: str) -> list[dict[str, Any]]:
    corpus: dict[str, Any] = json.loads((Path(__file__).parent / "corpora" / f"{name}.json").read_text())
    return list(corpus["cases"])


def one_of_each(cases: Iterable[dict[str, Any]], *members: str) -> list[dict[str, Any]]:
    """Return the first of the cases for every combination of values that these members have in the corpus."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for case in cases:
        found.setdefault(tuple(case[name] for name in members), case)
    return list(found.values())


def shape_of(text: str) -> tuple[bool, ...]:
    """Return the variants of a text that a caller could pass: trimmed, in another case, without some characters."""
    return text == text.strip(), text == text.lower(), text.isascii(), text.isprintable()
