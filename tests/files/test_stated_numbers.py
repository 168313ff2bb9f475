"""Version numbers that file names state."""

from __future__ import annotations

import pytest

from files.stated_numbers import contradicting_number
from releasehub_cli.names import contradicting_version

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("filename", "number", "stated"),
    [
        ("tool-1.2.0.tar.gz", "2.0.0", "1.2.0"),
        ("tool-1.2.0.tar.gz", "v1.2.0", ""),
        ("tool_v01.2.0+build7_amd64.deb", "1.2.0+build7", ""),
        ("tool-2.0.0-macos-14.0.1.zip", "2.0.0", ""),
        ("tool-macos-10.15.zip", "2.0.0", ""),
        ("tool-2.0.0-rc.1-linux.zip", "2.0.0", "2.0.0-rc1"),
        ("tool-2.0.0rc1.tar.gz", "2.0.0-rc.2", "2.0.0-rc1"),
        ("tool-2.0.0-rc.1.tar.gz", "2.0.0-rc.1", ""),
        ("tool-2.0.0.tar.gz", "2.0.0-rc.1", ""),
        ("tool-20240101.zip", "2", ""),
        ("1." * 120 + "zip", "1.2.3", ""),
    ],
)
def test_hub_and_command_line_find_the_same_contradictions(filename: str, number: str, stated: str) -> None:
    assert contradicting_number(filename, number) == stated == contradicting_version(filename, number)
