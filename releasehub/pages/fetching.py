"""Command lines, shown on the pages, that download a file and verify its checksum."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from shlex import quote

from django.utils.translation import gettext

from files.models import File
from releasehub.distribution.links import file_path
from releasehub.distribution.offers import System, file_for_platform
from versions.platforms import platform_name

POSIX_CHECKS = {"linux": "sha256sum -c", "macos": "shasum -a 256 -c"}
# PowerShell ends a string in single quotes at any of these characters, and reads two of them as one.
_POWERSHELL_QUOTES = re.compile("['\u2018\u2019\u201a\u201b]")


@dataclass(frozen=True)
class Guide:
    """The commands that install a version on a platform."""

    platform: str
    file: File
    commands: str

    @property
    def title(self) -> str:
        text = (
            gettext("%(platform)s, in PowerShell")
            if self.platform == "windows"
            else gettext("%(platform)s, in Terminal")
        )
        return text % {"platform": platform_name(self.platform)}


def guides(base_url: str, files: Iterable[File], visitor: System, key: str = "") -> list[Guide]:
    """Return the guides for the desktop platforms that one of the files suits."""
    shown = list(files)
    found = {platform: file_for_platform(platform, shown, visitor) for platform in ("windows", "macos", "linux")}
    return [
        Guide(platform, file, commands_for(platform, base_url, file, key)) for platform, file in found.items() if file
    ]


def commands_for(platform: str, base_url: str, file: File, key: str = "") -> str:
    """Return lines that download the file and verify its checksum with what the platform comes with."""
    if platform == "windows":
        return powershell_commands(base_url, file, key)
    return fetch_commands(base_url, file, key, check=POSIX_CHECKS.get(platform, POSIX_CHECKS["linux"]))


def keyed_path(file: File, key: str) -> str:
    """Return the path of the permanent URL, with the access key as a parameter."""
    path = file_path(file)
    return f"{path}{'&' if '?' in path else '?'}key={key}" if key else path


def fetch_commands(base_url: str, file: File, key: str = "", *, check: str = POSIX_CHECKS["linux"]) -> str:
    """Return lines for a POSIX shell that download the file and verify its checksum.

    The file name is quoted, so that a hostile name cannot add commands.
    """
    name = quote(f"./{file.filename}" if file.filename.startswith("-") else file.filename)
    lines = [f"curl -fL -o {name} {quote(base_url + keyed_path(file, key))}"]
    if file.sha256:
        lines.append(f"printf '%s  %s\\n' {file.sha256} {name} | {check}")
    return "\n".join(lines)


def powershell_commands(base_url: str, file: File, key: str = "") -> str:
    """Return lines for PowerShell that download the file and fail if its checksum differs."""
    name, url = quote_for_powershell(f"./{file.filename}"), quote_for_powershell(base_url + keyed_path(file, key))
    lines = [f"Invoke-WebRequest -UseBasicParsing -Uri {url} -OutFile {name}"]
    if file.sha256:
        digest = f"(Get-FileHash -Algorithm SHA256 -LiteralPath {name}).Hash"
        lines.append(f"if ({digest} -eq '{file.sha256}') {{ 'OK' }} else {{ throw 'The checksum differs.' }}")
    return "\n".join(lines)


def quote_for_powershell(text: str) -> str:
    return "'" + _POWERSHELL_QUOTES.sub(lambda match: match[0] * 2, text) + "'"
