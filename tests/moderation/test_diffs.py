"""Differences between texts."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from releasehub.moderation.diffs import ADDED, MAX_LINES, REMOVED, diff_texts

pytestmark = pytest.mark.embedded


def test_diff_shows_only_lines_that_differ_and_their_surroundings() -> None:
    lines = [str(number) for number in range(100)]
    changed = [*lines[:50], "new", *lines[51:]]
    diff = diff_texts("\n".join(lines), "\n".join(changed))
    assert [line.text for line in diff if line.mark == REMOVED] == ["50"]
    assert [line.text for line in diff if line.mark == ADDED] == ["new"]
    assert len(diff) == 6


def test_diff_of_long_texts_is_cut() -> None:
    assert len(diff_texts("", "line\n" * 10 * MAX_LINES)) == MAX_LINES


def test_repeated_lines_do_not_make_the_comparison_slow() -> None:
    """Comparing each of them with each other would take seconds for every version of the queue."""
    before, after = "x\n" * MAX_LINES, "".join(f"x\n{number}\n" for number in range(MAX_LINES))
    calls = Counter[str]()
    profile = sys.getprofile()
    sys.setprofile(lambda frame, event, argument: calls.update([event]))
    try:
        diff = diff_texts(before, after)
    finally:
        sys.setprofile(profile)
    assert calls["c_call"] < 100_000
    assert {line.mark for line in diff} >= {ADDED, REMOVED}


def test_equal_texts_of_repeated_lines_have_no_difference() -> None:
    assert diff_texts("x\n" * MAX_LINES, "x\n" * MAX_LINES) == []
