"""Detect the visitor's platform from the browser's headers. Pure functions."""

import re

_SYSTEMS = (
    ("android", re.compile("android", re.IGNORECASE)),
    ("ios", re.compile("iphone|ipad|ipod", re.IGNORECASE)),
    ("windows", re.compile("windows", re.IGNORECASE)),
    ("macos", re.compile("macintosh|mac os x", re.IGNORECASE)),
    ("linux", re.compile("linux|x11", re.IGNORECASE)),
)
_ARM = re.compile("aarch64|arm64|armv8", re.IGNORECASE)
_X64 = re.compile("x86_64|x86-64|win64|wow64|amd64|x64", re.IGNORECASE)


def visitor_system(user_agent: str) -> tuple[str, str]:
    """Return (platform, architecture). Each is empty if it is unknown; browsers on macOS hide the architecture."""
    platform = next((name for name, pattern in _SYSTEMS if pattern.search(user_agent)), "")
    if platform == "macos":
        return platform, ""
    if _ARM.search(user_agent):
        return platform, "arm64"
    return platform, "x64" if _X64.search(user_agent) else ""
