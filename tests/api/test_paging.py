"""Numbers of pages in a query string are clamped instead of rejected."""

import pytest

from releasehub.api.common.paging import clamp

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("text", "number"),
    [(None, 20), ("", 20), ("x", 20), ("²", 20), ("9" * 30, 100), ("-" + "9" * 30, 1), ("0", 1), ("-3", 1), ("7", 7)],
)
def test_number_is_clamped(text: str | None, number: int) -> None:
    assert clamp(text, default=20, maximum=100) == number
