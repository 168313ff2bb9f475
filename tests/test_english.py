"""The English of the project: docstrings begin as PEP 257 has it, and known slips do not come back.

docs/glossary.md and CONTRIBUTING.md say how the project writes; this test only rejects the most common slips.
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
FOLDERS = (*PRODUCT, ".ci", "bench", "docs", "templates", "tests")
SUFFIXES = {"", ".conf", ".css", ".html", ".js", ".lua", ".md", ".py", ".sh", ".sql", ".toml", ".yml"}
FORBIDDEN_STARTS = {
    "Of",
    "To",
    "By",
    "As",
    "With",
    "What",
    "Who",
    "Whom",
    "Whose",
    "Where",
    "Whether",
    "Which",
    "From",
    "How",
    "When",
}
# Slips that are wrong anywhere: British spellings, and phrases that a reader has to decode.
SLIPS = re.compile(
    r"\b(?-i:Errors: )|\bwho asks\b|\bwhoever\b|\bask again\b|\bgive (?:a|an|the) full\b|\bfor ever\b"
    r"|\bas its name says\b|\bwas withdrawn\b|\bgive a version\b|\bthis is not deleted\b|\bname at least one event\b"
    r"|\borganisation|\bbehaviour|\bcolour|\blicence|\bcatalogue|\bneighbour|\bfavour|\bhonour|\bmisspelt\b"
    r"|\b(?:recogn|normal|serial|initial|summar|author|util)is(?:e|ed|es|ing|ation)\b",
    re.IGNORECASE,
)
# Slips of the product and of the documents. Tests may use these words for people and values of their own.
PRODUCT_SLIPS = re.compile(r"(?<![Tt]here )\bis none\b|\b[Gg]uests?\b")
NOBODY = re.compile(r"\bnobody\b")
FORBIDDEN_START = re.compile(rf"[\"'][\s,.:`']*(?:{'|'.join(FORBIDDEN_STARTS)})\b")
BANNER = re.compile(r"^\s*# ?(?:-{3,}|={3,}|\*{3,})")
EXEMPT = {
    "docs/decisions/README.md",  # links to a file whose name has the word `guests`
    "releasehub/settings/base.py",  # the former name RELEASEHUB_GUEST_CACHE_SECONDS
    "tests/test_english.py",
}


def modules() -> Iterator[Path]:
    for folder in PRODUCT:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts and "management" not in path.parts[:1]:
                yield path


def texts() -> Iterator[tuple[str, Path]]:
    """Yield the name and the path of every file that people read. Corpora contain texts of other people."""
    skipped = {"__pycache__", "migrations", "corpora", "results"}
    paths = [path for path in ROOT.iterdir() if path.is_file()]
    for folder in FOLDERS:
        paths += sorted((ROOT / folder).rglob("*"))
    for path in paths:
        name = path.relative_to(ROOT).as_posix()
        is_text = path.suffix in SUFFIXES and not path.name.endswith(".min.js") and not path.name.startswith("require")
        if path.is_file() and is_text and name not in EXEMPT and skipped.isdisjoint(path.parts):
            yield name, path


def docstrings(source: str) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "lineno", 1), text


def slips_in(name: str, line: str) -> list[str]:
    """Return the slips in a line, or in the whole text, of the file with this name."""
    patterns = [SLIPS]
    if not name.startswith("tests/"):
        patterns.append(PRODUCT_SLIPS)
    if name.startswith(PRODUCT):
        patterns.append(NOBODY)
    return [found[0] for pattern in patterns if (found := pattern.search(line))]


def test_docstrings_begin_with_a_verb_or_a_noun() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line} {text.splitlines()[0]}"
        for path in modules()
        if FORBIDDEN_START.search(source := path.read_text())  # parsing every file would take seconds
        for line, text in docstrings(source)
        if text.split()[0].strip(",.:`'") in FORBIDDEN_STARTS
    ]
    assert found == []


def test_no_text_has_a_known_phrase_of_poor_english() -> None:
    found = [
        f"{name}:{number} {slip}: {line.strip()}"
        for name, path in texts()
        if slips_in(name, text := path.read_text())
        for number, line in enumerate(text.splitlines(), 1)
        for slip in slips_in(name, line)
    ]
    assert found == []


def test_modules_have_no_banners() -> None:
    found = [
        f"{name}:{number}"
        for name, path in texts()
        if path.suffix == ".py"
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if BANNER.match(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("name", "line", "slips"),
    [
        ("docs/links.md", "The organisation keeps it for ever.", ["organisation"]),
        ("templates/base.html", "Ask again, or give the full address.", ["Ask again"]),
        ("docs/links.md", "The value is none of these.", ["is none"]),
        ("docs/links.md", "There is none.", []),
        ("tests/conftest.py", "guest = Client()", []),
        ("files/names.py", "guests who name nobody", ["guests", "nobody"]),
        ("docs/links.md", "The organization restores the behavior forever.", []),
    ],
)
def test_phrases_of_poor_english_are_found(name: str, line: str, slips: list[str]) -> None:
    assert slips_in(name, line) == slips
