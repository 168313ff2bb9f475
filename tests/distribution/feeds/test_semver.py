"""Version numbers in the form of SemVer, compared with the rules of JavaScript's semver package."""

from __future__ import annotations

import pytest
from semver import Version

from releasehub.distribution.feeds.semver import semver_of

pytestmark = pytest.mark.embedded

FORMS = [
    *[("1.4.2", "1.4.2"), ("v1.4.2", "1.4.2"), ("1.4", "1.4.0"), ("7", "7.0.0"), ("1.4-rc.1", "1.4.0-rc.1")],
    *[("2.0.0-beta.2+b7", "2.0.0-beta.2+b7"), ("1.2+5", "1.2.0+5"), ("2026.1.31", "2026.1.31")],
]
NONE = ["1.2.3.4", "2.0rc1", "01.2.3", "2026.01.31", "1!2.0", "release-7", "1.0.0-01", "", "v", f"1.{2**53}.0"]


@pytest.mark.parametrize(("number", "expected"), FORMS)
def test_number_is_written_as_semver(number: str, expected: str) -> None:
    assert semver_of(number) == expected
    assert str(Version.parse(expected)) == expected


@pytest.mark.parametrize("number", [*NONE, f"1.0.0-{'x' * 300}"])
def test_number_without_a_form_in_semver_has_none(number: str) -> None:
    assert semver_of(number) == ""
