"""The system of a visitor, as the headers of the browser state it."""

from __future__ import annotations

import pytest

from releasehub.distribution.offers import System
from releasehub.pages.platforms import visitor_system

pytestmark = pytest.mark.embedded

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64)"
LINUX = "Mozilla/5.0 (X11; Linux x86_64)"


@pytest.mark.parametrize(
    ("agent", "system"),
    [
        (WINDOWS, System("windows", "x64")),
        ("Mozilla/5.0 (Windows NT 10.0)", System("windows")),
        (MAC, System("macos")),
        (LINUX, System("linux", "x64")),
        ("Mozilla/5.0 (X11; Linux aarch64)", System("linux", "arm64")),
        ("Mozilla/5.0 (X11; Linux armv7l)", System("linux", "armv7")),
        ("Mozilla/5.0 (X11; Linux i686)", System("linux", "x86")),
        ("Mozilla/5.0 (Linux; Android 14; arm64)", System("android")),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", System("ios")),
        ("Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X)", System("ios")),
        ("Mozilla/5.0 (X11; FreeBSD amd64; rv:130.0)", System("freebsd", "x64")),
        ("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)", System("chromeos", "x64")),
        ("curl/8.5", System()),
    ],
)
def test_user_agent_states_the_system(agent: str, system: System) -> None:
    assert visitor_system({"User-Agent": agent}) == system


@pytest.mark.parametrize(
    ("agent", "platform", "architecture", "bits", "system"),
    [
        (MAC, '"macOS"', '"arm"', '"64"', System("macos", "arm64")),
        (MAC, '"macOS"', '"x86"', '"64"', System("macos", "x64")),
        (MAC, '"macOS"', "", "", System("macos")),
        (WINDOWS, '"Windows"', '"arm"', '"64"', System("windows", "arm64")),
        (WINDOWS, '"Windows"', '"x86"', '"32"', System("windows", "x86")),
        (LINUX, '"Android"', "", "", System("android")),
        (LINUX, '"Chrome OS"', '"x86"', '"64"', System("chromeos", "x64")),
        (LINUX, '"Linux"', '"nonsense"', '"64"', System("linux", "x64")),
    ],
)
def test_client_hints_win_over_the_user_agent(
    agent: str, platform: str, architecture: str, bits: str, system: System
) -> None:
    hints = {"Sec-CH-UA-Platform": platform, "Sec-CH-UA-Arch": architecture, "Sec-CH-UA-Bitness": bits}
    assert visitor_system({"User-Agent": agent} | hints) == system
