"""Command lines that fetch files."""

from __future__ import annotations

from shlex import quote

from files.models import File
from releasehub.distribution.links import file_path


def keyed_path(file: File, key: str) -> str:
    """The permanent address as a holder of the key uses it."""
    path = file_path(file)
    return f"{path}{'&' if '?' in path else '?'}key={key}" if key else path


def fetch_commands(base_url: str, file: File, key: str = "") -> str:
    """Lines for a POSIX shell: fetch the file, and compare its digest. A hostile name stays one quoted word."""
    name = quote(f"./{file.filename}" if file.filename.startswith("-") else file.filename)
    lines = [f"curl -fL -o {name} {quote(base_url + keyed_path(file, key))}"]
    if file.blob:
        lines.append(f"printf '%s  %s\\n' {file.blob.sha256} {name} | sha256sum -c")
    return "\n".join(lines)
