"""Tests of the cleaning of texts that all services share."""

import pytest

from downloads.models import Download
from releasehub.core.clean import assign

pytestmark = pytest.mark.embedded
HEBREW = "\u05e9\u05dc\u05d5\u05dd\u200f 2"  # ends with a right-to-left mark, which changes no other text


@pytest.mark.parametrize("code", [*range(0x202A, 0x202F), *range(0x2066, 0x206A)], ids=hex)
def test_characters_that_change_the_direction_are_removed_from_one_line_only(code: int) -> None:
    download = Download()
    text = f"a{chr(code)}b\x07"
    assign(download, {"title": text, "description": text})
    assert (download.title, download.description) == ("ab", f"a{chr(code)}b")


def test_letters_and_marks_of_languages_from_right_to_left_stay() -> None:
    download = Download()
    assign(download, {"title": HEBREW})
    assert download.title == HEBREW
