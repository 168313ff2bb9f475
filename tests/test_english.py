"""The English of the code: docstrings begin as PEP 257 has it, and known slips do not come back.

docs/glossary.md and CONTRIBUTING.md say how the project writes; this test only keeps the worst out.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.embedded
ROOT = Path(__file__).parents[1]
PRODUCT = ("cli", "downloads", "files", "releasehub", "versions")
FORBIDDEN_STARTS = {
    "Of",
    "To",
    "By",
    "As",
    "With",
    "What",
    "Who",
    "Whose",
    "Where",
    "Whether",
    "Which",
    "From",
    "How",
    "When",
}
SLIPS = re.compile(
    r"\bErrors: |\bwho asks\b|(?<![Tt]here )\bis none\b|\bwhoever\b|\borganis|\bcolour|\bbehaviour|\b\bguests?\b"
    r"|\bask again\b|\bgive (?:a|an|the) full\b|\bnobody\b",
)


def modules() -> Iterator[Path]:
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts and "management" not in path.parts[:1]:
                yield path


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "lineno", 1), text


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {text.splitlines()[0]}"
        for path in modules()
        for line, text in docstrings(path)
        if text.split()[0].strip(",.:`'") in FORBIDDEN_STARTS
    ]
    assert found == []


def test_known_slips_stay_away() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number} {line.strip()}"
        for path in modules()
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if SLIPS.search(line)
    ]
    assert found == []
