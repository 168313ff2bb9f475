"""Differences between texts."""

from __future__ import annotations

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
