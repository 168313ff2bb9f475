"""Command lines, shown on the pages, that download a file and verify its checksum."""

from __future__ import annotations

from shlex import quote

from files.models import File
from releasehub.distribution.links import file_path


def keyed_path(file: File, key: str) -> str:
    """Return the path of the permanent URL, with the access key as a parameter."""
    path = file_path(file)
    return f"{path}{'&' if '?' in path else '?'}key={key}" if key else path


def fetch_commands(base_url: str, file: File, key: str = "") -> str:
    """Return lines for a POSIX shell that download the file and verify its checksum.

    The file name is quoted, so that a hostile name cannot add commands.
    """
    name = quote(f"./{file.filename}" if file.filename.startswith("-") else file.filename)
    lines = [f"curl -fL -o {name} {quote(base_url + keyed_path(file, key))}"]
    if file.blob:
        lines.append(f"printf '%s  %s\\n' {file.blob.sha256} {name} | sha256sum -c")
    return "\n".join(lines)
