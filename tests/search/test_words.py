"""How texts are split into words."""

from __future__ import annotations

import pytest

from releasehub.search.words import words_of

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("S\u00fcden", ["suden"]),
        ("Su\u0308den", ["suden"]),
        ("Stra\u00dfe, v1.2.0", ["strasse", "1.2.0"]),
        ("Vanilla", ["vanilla"]),
    ],
    ids=["composed accent", "combining accent", "case folding and a version", "a v that is no version"],
)
def test_words_have_neither_case_nor_accents(text: str, words: list[str]) -> None:
    assert words_of(text) == words
