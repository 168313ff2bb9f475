"""Limits on the cost of rendering Markdown: parser rules that count their steps, and a check of the output."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from markdown_it.rules_block import StateBlock
from markdown_it.rules_block import table as parse_table
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.footnote.index import footnote_def as parse_footnote

MAX_STEPS = 50_000
InlineRule = Callable[[StateInline, bool], bool]
_BARE_URL = re.compile(r"(?:://|www\.)\S{1,2000}+(?!\S)")
_FOOTNOTE = re.compile(r"\[\^[^\]\s]{1,100}\]")


class TooCostly(Exception):
    """The text takes more steps or produces more HTML than any legitimate text."""


@dataclass
class Budget:
    """The number of parser rule calls that are left. Each call takes bounded time, so this bounds the total time."""

    steps: int = MAX_STEPS
    row_steps: int = 1

    def spend(self, steps: int) -> None:
        self.steps -= steps
        if self.steps < 0:
            raise TooCostly


def check_growth(text: str, size: int) -> None:
    """Check the size of the HTML. A text that consists only of the shortest possible links grows twelvefold."""
    if size > 12 * len(text) + 10_000:
        raise TooCostly


def weight_of(tokens: list[Token]) -> int:
    """Return the number of characters in all values that the HTML will contain."""
    flat = [leaf for token in tokens for leaf in (token.children or [token])]
    return sum(len(token.content) + sum(len(str(value)) for value in token.attrs.values()) for token in flat)


def count_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    budget: Budget = state.env["budget"]
    budget.spend(budget.row_steps)
    return False


def count_inline(state: StateInline, silent: bool) -> bool:
    state.env["budget"].spend(1)
    return False


def bounded_table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Apply the parser's table rule, and count two steps for each cell.

    The parser fills short rows up to the width of the head, so a short text could produce a very large table.
    """
    delimiters = state.src[state.bMarks[start_line + 1] : state.eMarks[start_line + 1]]
    budget: Budget = state.env["budget"]
    budget.row_steps = 2 * (delimiters.count("|") + 1)
    try:
        return parse_table(state, start_line, end_line, silent)
    finally:
        budget.row_steps = 1


def bounded_autolink(parse: InlineRule) -> InlineRule:
    """Return the plugin's rule for bare URLs, limited to the characters up to the next space.

    Without the limit, the rule copies the rest of the text and searches the text before it at each colon.
    """

    def link(state: StateInline, silent: bool) -> bool:
        is_protocol = state.pending.endswith(("http", "https"))
        if silent or not (is_protocol or state.src.startswith("www.", state.pos)):
            return False
        state.env["budget"].spend(1 + len(state.pending) // 50)
        run = _BARE_URL.match(state.src, state.pos, state.posMax)
        if run is None:
            return False
        end, state.posMax = state.posMax, run.end()
        try:
            return parse(state, silent)
        finally:
            state.posMax = end

    return link


def outermost_footnote(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Parse the text of a footnote, in which the text of another one is ordinary text.

    The plugin moves the texts of footnotes to the end. From one within another it leaves tags that nothing closes.
    """
    if state.env.get("is_in_footnote"):
        return False
    state.env["is_in_footnote"] = True
    try:
        return parse_footnote(state, start_line, end_line, silent)
    finally:
        del state.env["is_in_footnote"]


def bounded_footnote(parse: InlineRule) -> InlineRule:
    """Return the plugin's rule for footnotes, limited to labels of a usual length."""

    def refer(state: StateInline, silent: bool) -> bool:
        if not _FOOTNOTE.match(state.src, state.pos, state.posMax):
            return False
        return parse(state, silent)

    return refer
