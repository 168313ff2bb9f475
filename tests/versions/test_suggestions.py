"""The number that the form of a new version suggests."""

from __future__ import annotations

import pytest

from tests.factories import make_download, make_version
from versions.suggestions import next_number, suggest_number

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("1.4.9", "1.4.10"),
        ("2.0.0-rc.1", "2.0.0-rc.2"),
        ("1.0.0+5", "1.0.1"),
        ("v7", "v8"),
        ("2026.01.09", "2026.01.10"),
        ("final", ""),
        ("", ""),
    ],
)
def test_next_number_counts_up_the_last_digits(number: str, expected: str) -> None:
    assert next_number(number) == expected


@pytest.mark.django_db
def test_suggestion_follows_the_newest_version_in_any_state() -> None:
    download = make_download()
    assert suggest_number(download) == "1.0.0"
    make_version(download, "1.9.0")
    make_version(download, "1.10.0", state="draft")
    assert suggest_number(download) == "1.10.1"


@pytest.mark.django_db
def test_suggestion_for_dates_is_the_present_time() -> None:
    assert len(suggest_number(make_download(version_scheme="calver"))) == len("2026.11.29-153042")
