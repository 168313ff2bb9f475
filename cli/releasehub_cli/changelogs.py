"""Take the section of one version out of a changelog in Markdown. The pages do the same in editor.js."""

from __future__ import annotations

import re
from collections.abc import Iterator

from releasehub_cli.catalog import plain_number
from releasehub_cli.errors import usage

_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_HEADING = re.compile(r"(#{1,6}) ")
_UNDERLINES = {"=": 1, "-": 2}
_BETWEEN_WORDS = re.compile(r"[^0-9A-Za-z.+-]+")


def section_of(changelog: str, number: str, name: str) -> str:
    """Return the text below the first heading that names the version, up to the next heading of its level.

    Raises:
        CliError: No heading of the changelog, which is called `name`, names the version.
    """
    lines = changelog.splitlines()
    headings = list(_headings(lines))
    for place, (start, first, level) in enumerate(headings):
        if plain_number(number) in map(plain_number, _BETWEEN_WORDS.split(lines[start])):
            end = next((line for line, _, other in headings[place + 1 :] if other <= level), len(lines))
            return "\n".join(lines[first:end]).strip()
    raise usage(f"{name} has no heading with the version {number}.", "Add one, or use --notes or --notes-file.")


def _headings(lines: list[str]) -> Iterator[tuple[int, int, int]]:
    """Yield the line, the line below and the level of each heading, also of those that are underlined."""
    is_code = False
    for place, (line, below) in enumerate(zip(lines, [*lines[1:], ""], strict=True)):
        is_code ^= bool(_FENCE.match(line))
        underline = below.strip()
        if is_code:
            continue
        if match := _HEADING.match(line):
            yield place, place + 1, len(match[1])
        elif len(set(underline)) == 1 and underline[0] in _UNDERLINES and len(underline) > 1 and line[:1].strip("#>- "):
            yield place, place + 2, _UNDERLINES[underline[0]]
