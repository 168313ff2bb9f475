"""Build texts that make a backtracking pattern slow: its own repeated parts, many times over, then a mismatch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from re import _constants as codes  # type: ignore[attr-defined]
from re import _parser  # type: ignore[attr-defined]
from typing import Any

MANY = 20  # a part that may be repeated more often than this can be pumped
REPEATS = {codes.MAX_REPEAT, codes.MIN_REPEAT, codes.POSSESSIVE_REPEAT}
CATEGORIES = {
    codes.CATEGORY_DIGIT: "7",
    codes.CATEGORY_NOT_DIGIT: "a",
    codes.CATEGORY_SPACE: " ",
    codes.CATEGORY_NOT_SPACE: "a",
    codes.CATEGORY_WORD: "a",
    codes.CATEGORY_NOT_WORD: "-",
}
ENDS = ("", "\x00")
NASTY = (
    *" \ta0.-_/\\(\"'<>[]{}%&=?#,;:@+*~|`!\n\r\x00",
    "\u00e9", "\U0001f600", "aA0", "a.", "a-", "a/", "0.", ", ", "../", "a,", "a=", "<!--", "<!---->", "<!-- -->",
    "\\\"", "()", "((", "%41", "%25", "&amp;", "::", "0-", "a@", "[](", "**", "\r\n", "q=0,", "bytes=",
)  # fmt: skip


@dataclass(frozen=True, order=True)
class Pump:
    """A text of any size: a beginning, one unit as often as there is room for it, and an end."""

    prefix: str
    unit: str
    end: str
    is_bytes: bool

    def text(self, size: int) -> Any:
        text = self.prefix + self.unit * (size // len(self.unit)) + self.end
        return text.encode("latin-1", "replace") if self.is_bytes else text


def pumps_for(pattern: re.Pattern[Any]) -> list[Pump]:
    is_bytes = isinstance(pattern.pattern, bytes)
    source = pattern.pattern.decode("latin-1") if is_bytes else pattern.pattern
    parts = list(_repeated_parts(_parser.parse(source, pattern.flags & ~re.UNICODE)))
    bodies = sorted({body for _, body in parts if body}, key=lambda body: (len(body), body))[:8]
    prefixes = {"", *(before for before, _ in parts)}
    own = {*bodies, *(prefixes - {""}), *(one + other for one in bodies for other in bodies)}
    begun = [(prefix, unit) for prefix in prefixes for unit in own] + [("", unit) for unit in NASTY]
    return sorted({Pump(prefix, unit, end, is_bytes) for prefix, unit in begun for end in ENDS})


def _repeated_parts(tree: Any, before: str = "") -> Iterator[tuple[str, str]]:
    """Yield for each part that can be pumped: an example of what comes before it, and examples of the part itself."""
    for position, (code, value) in enumerate(tree):
        prefix = before + _example(tree[:position], 0)
        if code in REPEATS:
            _, most, body = value
            if most > MANY:
                yield from ((prefix, _example(body, variant)) for variant in range(4))
            yield from _repeated_parts(body, prefix)
        else:
            for inner in _children(code, value):
                yield from _repeated_parts(inner, prefix)


def _children(code: Any, value: Any) -> list[Any]:
    if code is codes.SUBPATTERN:
        return [value[-1]]
    if code is codes.BRANCH:
        return list(value[1])
    if code in {codes.ASSERT, codes.ASSERT_NOT}:
        return [value[1]]
    return [value] if code is codes.ATOMIC_GROUP else []


def _example(tree: Any, variant: int) -> str:
    """Return a text that matches; a greater variant takes other branches, characters and repetitions."""
    return "".join(_example_of(code, value, variant) for code, value in tree)


def _example_of(code: Any, value: Any, variant: int) -> str:
    if code is codes.LITERAL:
        return chr(value)
    if code is codes.NOT_LITERAL:
        return "a" if value != ord("a") else "b"
    if code is codes.ANY:
        return "a.<-"[variant % 4]
    if code is codes.IN:
        return _character_of(value, variant)
    if code in REPEATS:
        least, most, body = value
        times = min(max(least, variant % 3), most) if variant else least
        return _example(body, variant) * int(times)
    if code is codes.BRANCH:
        return _example(value[1][variant % len(value[1])], variant)
    return "".join(_example(inner, variant) for inner in _children(code, value) if code is not codes.ASSERT_NOT)


def _character_of(members: Any, variant: int) -> str:
    if members[0][0] is codes.NEGATE:
        refused = {chr(value) for code, value in members if code is codes.LITERAL}
        return next(char for char in "a. -0"[variant % 5 :] + "bB1_~" if char not in refused)
    code, value = members[variant % len(members)]
    if code is codes.RANGE:
        return chr(value[variant % 2])
    return chr(value) if code is codes.LITERAL else CATEGORIES[value]
