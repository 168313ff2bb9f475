"""Output for people and pipelines: results go to stdout, everything else to stderr."""

from __future__ import annotations

import io
import json
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from releasehub_cli.errors import CliError

_lock = threading.Lock()
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def prepare_streams() -> None:
    """Replace closed streams with the null device, and escape characters that the encoding of stdout lacks.

    Python sets `sys.stdin` to None if the shell closed it with `<&-`. Stderr escapes all characters anyway.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 - open until the end
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


class Output:
    """Prints results, notes and errors.

    Attributes:
        as_json: Print one JSON object to stdout at the end.
        quiet: Print only results, warnings and errors.
        verbose: Print every request, too.
    """

    def __init__(self, *, as_json: bool = False, quiet: bool = False, verbose: bool = False) -> None:
        self.as_json, self.quiet, self.verbose = as_json, quiet, verbose

    @property
    def is_interactive(self) -> bool:
        """Return whether stderr is a terminal that can show progress bars."""
        return not self.quiet and sys.stderr.isatty() and not os.environ.get("CI") and os.environ.get("TERM") != "dumb"

    def note(self, text: str) -> None:
        if not self.quiet:
            self._say(text)

    def warn(self, text: str) -> None:
        self._say(f"Warning: {text}")

    def detail(self, text: str) -> None:
        if self.verbose:
            self._say(text)

    def result(self, data: dict[str, Any], text: str = "") -> None:
        """Print the result of a successful command.

        Raises:
            CliError: Stdout cannot be written, for example because its disk is full.
        """
        lines = json.dumps(data, indent=2) if self.as_json else printable(text)
        if not lines:
            return
        try:
            click.echo(lines)
        except BrokenPipeError:  # the reader, such as `head`, has seen enough
            raise
        except OSError as error:
            message = f"The command succeeded, but its result cannot be printed: {error.strerror}."
            raise CliError(message, code="output") from error

    def error(self, error: CliError) -> None:
        """Print an error. The exit code reports it even if it cannot be printed."""
        if self.as_json:
            with suppress(OSError):
                click.echo(json.dumps(error.as_json(), indent=2))
        self._say(f"Error: {error.message}")
        for line in error.hint.splitlines():
            self._say(f"  {line}")
        if error.request_id:
            self._say(f"  Request id: {error.request_id}")

    def _say(self, text: str) -> None:
        # An upload goes on without its messages, as when the terminal is gone.
        with _lock, suppress(OSError):
            click.echo(printable(text), err=True)


def printable(text: str) -> str:
    """Replace control characters, because a message of a hub or a file name must not control the terminal."""
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return the rows as aligned columns, two spaces apart."""
    cells = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells)
    return "\n".join(lines)


def human_bytes(count: float) -> str:
    """Return a readable size: 1536 becomes 1.5 KiB."""
    for unit in _UNITS:
        if count < 1024 or unit == _UNITS[-1]:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    raise AssertionError


def human_seconds(seconds: float) -> str:
    """Return a readable duration: 95 becomes 1:35."""
    minutes, seconds_left = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds_left:02}" if hours else f"{minutes}:{seconds_left:02}"
