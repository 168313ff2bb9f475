"""The style sheets use logical sides instead of left and right, so that pages also work from right to left."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.embedded
SHEETS = sorted((Path(settings.BASE_DIR) / "releasehub" / "static").rglob("*.css"))
SIDE = re.compile(
    r"""(?<![\w-])(?:
        (?:left|right)\s*: | (?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right)\b
        | border-(?:top|bottom)-(?:left|right)-radius | float\s*: | clear\s*:
        | (?:text-align|justify-content|caption-side|resize)\s*:\s*(?:left|right)\b
        | to\s+(?:left|right)\b | translateX\( | (?:90|270)deg
    )""",
    re.VERBOSE,
)
FOUR_SIDES = re.compile(r"(?<![\w-])(margin|padding|inset|border-width|border-radius)\s*:\s*([^;}]+)")
LOGICAL_NAMES = "Use -inline-start, -inline-end, start or end instead."


def sides_in(css: str) -> Iterator[str]:
    """Yield the declarations that mean the left or the right side, also by four values that are not symmetric."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    yield from (found[0] for found in SIDE.finditer(css))
    for found in FOUR_SIDES.finditer(css):
        values = re.findall(r"(?:[^\s(]|\([^()]*(?:\([^()]*\)[^()]*)*\))+", found[2])
        if len(values) == 4 and not is_symmetric(found[1], values):
            yield found[0]


def is_symmetric(name: str, values: list[str]) -> bool:
    first, second, third, fourth = values
    return first == second and third == fourth if name == "border-radius" else second == fourth


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_style_sheets_name_no_side(sheet: Path) -> None:
    assert list(sides_in(sheet.read_text(encoding="utf-8"))) == [], LOGICAL_NAMES


@pytest.mark.parametrize(
    ("css", "count"),
    [
        ("a { margin-left: 1rem; }", 1),
        ("a { left: 0; inset-inline-start: 0; }", 1),
        ("a { text-align: right; float: left }", 2),
        ("a { padding: 1px 2px 3px calc(4px + (1px * 2)); }", 1),
        ("a { padding: 1px 2px 3px 2px; border-radius: 1px 1px 0 0; }", 0),
        ("a { border-radius: 1px 0 0 1px; }", 1),
        ("a { background: linear-gradient(to right, red, blue); }", 1),
        ("a { margin-inline: auto; text-align: start; justify-content: flex-end; } /* left: 0 */", 0),
    ],
)
def test_sides_are_found(css: str, count: int) -> None:
    assert len(list(sides_in(css))) == count
