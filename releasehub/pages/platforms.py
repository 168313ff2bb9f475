"""Detect the visitor's system from the headers of the browser.

Chromium states it in client hints: the platform always, the architecture only after a response asked for it, and both
only over HTTPS or to this machine. The User-Agent of every browser states the platform; that of browsers on macOS hides
the architecture, and that of an iPad is the same as that of a Mac.
"""

import re
from collections.abc import Mapping

from django.http import HttpResponse
from django.utils.cache import patch_vary_headers

from releasehub.distribution.offers import System

PLATFORM_HINT, ARCHITECTURE_HINT, BITNESS_HINT = HINTS = ("Sec-CH-UA-Platform", "Sec-CH-UA-Arch", "Sec-CH-UA-Bitness")
_HINTED_PLATFORMS = {"windows", "macos", "linux", "android", "ios", "freebsd", "chromeos"}
_HINTED_SPELLINGS = {"chrome os": "chromeos", "chromium os": "chromeos"}
_HINTED_ARCHITECTURES = {("x86", "32"): "x86", ("x86", "64"): "x64", ("arm", "32"): "armv7", ("arm", "64"): "arm64"}
_SYSTEMS = (
    ("android", re.compile("android", re.IGNORECASE)),
    ("ios", re.compile("iphone|ipad|ipod", re.IGNORECASE)),
    ("windows", re.compile("windows", re.IGNORECASE)),
    ("macos", re.compile("macintosh|mac os x", re.IGNORECASE)),
    ("freebsd", re.compile("freebsd", re.IGNORECASE)),
    ("chromeos", re.compile(r"\bcros\b", re.IGNORECASE)),
    ("", re.compile("openbsd|netbsd|sunos", re.IGNORECASE)),
    ("linux", re.compile("linux|x11", re.IGNORECASE)),
)
_ARM = re.compile("aarch64|arm64|armv8", re.IGNORECASE)
_ARMV7 = re.compile("armv7", re.IGNORECASE)
_X64 = re.compile("x86_64|x86-64|win64|wow64|amd64|x64", re.IGNORECASE)
_X86 = re.compile(r"\bi[3-6]86\b", re.IGNORECASE)


def visitor_system(headers: Mapping[str, str]) -> System:
    """Return the system of the visitor. What the headers do not state is empty."""
    agent = headers.get("User-Agent", "")
    hinted, kind, bits = (headers.get(name, "").strip('" ').lower() for name in HINTS)
    hinted = _HINTED_SPELLINGS.get(hinted, hinted)
    platform = hinted or _platform_of(agent)
    if hinted and hinted not in _HINTED_PLATFORMS:
        platform = ""
    architecture = _HINTED_ARCHITECTURES.get((kind, bits or "64"), "")
    return System(platform, architecture or _architecture_of(platform, agent))


def ask_for_hints(response: HttpResponse) -> None:
    """Ask the browser to state the architecture from its next request to this host on."""
    response["Accept-CH"] = ", ".join(HINTS)


def vary_on_system(response: HttpResponse) -> None:
    """Tell caches that the response depends on the visitor's system."""
    patch_vary_headers(response, ("User-Agent", *HINTS))


def _platform_of(agent: str) -> str:
    return next((name for name, pattern in _SYSTEMS if pattern.search(agent)), "")


def _architecture_of(platform: str, agent: str) -> str:
    if platform in {"", "macos", "ios", "android"}:
        return ""
    patterns = {"arm64": _ARM, "armv7": _ARMV7, "x64": _X64, "x86": _X86}
    return next((name for name, pattern in patterns.items() if pattern.search(agent)), "")
