"""The platforms that the hub knows by name. Versions and files may name others as well."""

PLATFORM_NAMES = {
    "windows": "Windows",
    "linux": "Linux",
    "macos": "macOS",
    "android": "Android",
    "ios": "iOS",
    "freebsd": "FreeBSD",
    "web": "Web",
}


def platform_name(platform: str) -> str:
    """Return the name that people read, or the platform itself if the hub does not know it."""
    return PLATFORM_NAMES.get(platform, platform)
