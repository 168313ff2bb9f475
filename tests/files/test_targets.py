"""Platform and architecture that are read from the name of an uploaded file."""

from __future__ import annotations

import pytest

from files.targets import target_in_name

pytestmark = pytest.mark.embedded


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tool-1.0.0-linux-x86_64.tar.gz", ("linux", "x64")),
        ("tool_1.0.0_amd64.deb", ("linux", "x64")),
        ("Tool-1.0.0-Darwin-aarch64.zip", ("macos", "arm64")),
        ("tool-win32.zip", ("windows", "x86")),
        ("Tool Setup 1.0.0.exe", ("windows", "")),
        ("tool-linux-windows.zip", ("", "")),
        ("tool-linux-x64.tar.gz.sig", ("", "")),
        ("web-linux.zip", ("linux", "")),
        ("darwinia.zip", ("", "")),
        ("app.apk", ("android", "")),
    ],
)
def test_target_is_read_from_whole_words_of_the_name(name: str, expected: tuple[str, str]) -> None:
    assert target_in_name(name) == expected
