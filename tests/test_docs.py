"""The documents lead where they say: every link, anchor, path and module in them exists."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from urllib.parse import unquote

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from tests.documented import DOCS

ROOT = DOCS.parent
CODE = ("releasehub", "downloads", "versions", "files", "tests", "bench", "cli")
HISTORY = {DOCS / "changelog.md", *DOCS.glob("decisions/*.md")}  # they name files as they were called at the time
DOCUMENTS = sorted([*ROOT.glob("*.md"), *DOCS.rglob("*.md"), *ROOT.glob("cli/*.md")])
PATH = re.compile(rf"(?:{'|'.join((*CODE, 'docs', 'templates', '.ci'))})(?:/[\w.*-]+)*/?")
SOURCE_FILE = re.compile(r"[\w/*]*\w\.py")
MODULE = re.compile(r"(?:releasehub|downloads|versions|files|tests)(?:\.\w+)+")

pytestmark = pytest.mark.embedded


@cache
def tokens_of(document: Path) -> list[Token]:
    blocks = MarkdownIt().enable("table").parse(document.read_text(encoding="utf-8"))
    return list(chain.from_iterable([block, *(block.children or [])] for block in blocks))


def links_of(document: Path) -> list[str]:
    found = [str(token.attrs.get("href") or token.attrs.get("src") or "") for token in tokens_of(document)]
    return [target for target in found if target and not re.match(r"[a-z]+:", target)]


@cache
def anchors_of(document: Path) -> set[str]:
    """Return the anchors as GitHub makes them from headings."""
    tokens = tokens_of(document)
    headings = [tokens[at + 1].content for at, token in enumerate(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w -]", "", text.lower()).strip().replace(" ", "-") for text in headings}


def names_of(document: Path) -> Iterator[str]:
    """Yield what stands in code quotes, and the source files that a diagram or a command names."""
    for token in tokens_of(document):
        if token.type == "code_inline":
            yield token.content.partition("::")[0]
        elif token.type == "fence" and token.info == "mermaid":
            yield from SOURCE_FILE.findall(token.content)
        elif token.type == "fence" and token.info == "sh":
            yield from (name for name in SOURCE_FILE.findall(token.content) if "/" in name)


@cache
def source_files() -> list[str]:
    return [str(path.relative_to(ROOT)) for folder in CODE for path in (ROOT / folder).rglob("*.py")]


def exists(name: str) -> bool:
    """Return whether a path or module of the project exists. A source file may be named by the end of its path."""
    if MODULE.fullmatch(name):
        return is_defined(name)
    if SOURCE_FILE.fullmatch(name) and "*" not in name:
        return any(path == name or path.endswith(f"/{name}") for path in source_files())
    return next(ROOT.glob(name.rstrip("/")), None) is not None


def is_defined(module: str) -> bool:
    """Return whether it is a module, or a name defined in one."""
    place, _, name = module.rpartition(".")
    if exists_as_module(module):
        return True
    files = [ROOT / f"{place.replace('.', '/')}.py", ROOT / place.replace(".", "/") / "__init__.py"]
    return any(file.is_file() and re.search(rf"\b{name}\b", file.read_text(encoding="utf-8")) for file in files)


def exists_as_module(module: str) -> bool:
    path = ROOT / module.replace(".", "/")
    return path.with_name(f"{path.name}.py").is_file() or path.is_dir()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_and_anchor_leads_somewhere(document: Path) -> None:
    for link in links_of(document):
        path, _, anchor = unquote(link).partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


@pytest.mark.parametrize("document", sorted({*DOCUMENTS} - HISTORY), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_path_and_module_exists(document: Path) -> None:
    named = {name for name in names_of(document) if any(p.fullmatch(name) for p in (PATH, SOURCE_FILE, MODULE))}
    assert [name for name in sorted(named) if not exists(name)] == []


@pytest.mark.parametrize("document", sorted({*DOCUMENTS} - HISTORY), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_named_test_exists(document: Path) -> None:
    """Look up names such as `mc_dm/test_contract.py::test_there_is_no_patch`."""
    named = {token.content for token in tokens_of(document) if "::test_" in token.content and not token.children}
    assert [name for name in sorted(named) if not is_test(name)] == []


def is_test(name: str) -> bool:
    place, _, function = name.rpartition("::")
    files = [ROOT / path for path in source_files() if path.startswith("tests/") and path.endswith(f"/{place}")]
    return any(f"def {function}(" in file.read_text(encoding="utf-8") for file in files)


@pytest.mark.parametrize(
    ("index", "pages"),
    [
        ("README.md", {*DOCS.glob("*.md"), *DOCS.glob("api/*.md")}),
        ("decisions/README.md", {*DOCS.glob("decisions/*.md")}),
    ],
)
def test_an_index_lists_every_page(index: str, pages: set[Path]) -> None:
    listed = {(DOCS / index).parent.joinpath(link.partition("#")[0]).resolve() for link in links_of(DOCS / index)}
    assert pages - listed == {DOCS / index}


def test_every_room_says_what_it_holds() -> None:
    rooms = set(re.findall(r"^\| `([\w/]+)` \|", (DOCS / "architecture.md").read_text(), re.MULTILINE))
    packages = [ROOT / room / "__init__.py" for room in sorted(rooms)]
    assert len(packages) > 30
    silent = [str(file.relative_to(ROOT)) for file in packages if not ast.get_docstring(ast.parse(file.read_text()))]
    assert silent == []
