"""Base classes of the management commands."""

import re
import sys
import time
from traceback import clear_frames
from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError

from releasehub.core.errors import DomainError
from releasehub.core.logs import one_line

LINE_SECONDS = 1.0
# What commands print besides printable characters: lines, tabs, spaces of another width, and Django's colors.
_LAYOUT = re.compile("([\n\t\u00a0\u2000-\u200a\u202f\u3000]|\x1b\\[[0-9;]*m)")


class TerminalStream:
    """A stream that escapes control characters, because texts of others must not control the operator's terminal."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> None:
        pieces = _LAYOUT.split(text)  # every second one is layout
        self._stream.write("".join(piece if place % 2 else one_line(piece) for place, piece in enumerate(pieces)))


class PlainCommand(BaseCommand):
    """A command whose output goes through `TerminalStream`."""

    def __init__(self, stdout: Any = None, stderr: Any = None, **options: Any) -> None:
        streams: Any = {"stdout": TerminalStream(stdout or sys.stdout), "stderr": TerminalStream(stderr or sys.stderr)}
        super().__init__(**streams, **options)

    def execute(self, *args: Any, **options: Any) -> str | None:
        streams = {name: TerminalStream(options[name]) for name in ("stdout", "stderr") if options.get(name)}
        return super().execute(*args, **options | streams)


class HubCommand(PlainCommand):
    """A command that checks settings, database and folders before it runs, but not the URLs.

    The checks of URLs load every view of every API, which is more than a third of the CPU time of a command that has
    little to do. `manage.py check` and the start of the web server run all checks.
    """

    requires_system_checks = [Tags.compatibility, Tags.database, Tags.files]

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Run the command. The error of a service is reported without a traceback."""
        try:
            return super().execute(*args, **options)
        except DomainError as error:
            raise command_error(error) from error


def command_error(error: Exception) -> CommandError:
    """Return the error that a command reports.

    Cursors that the traceback keeps open are closed while their connection is still open. Otherwise, SQLite complains
    after the command has closed it.
    """
    clear_frames(error.__traceback__)
    return CommandError(str(error))


class ProgressCommand(HubCommand):
    """A command with progress on stderr, at most one line a second.

    Attributes:
        last_line_at: When the last line was printed, by the monotonic clock.
    """

    is_verbose = True
    last_line_at = float("-inf")

    def progress(self, text: str) -> None:
        now = time.monotonic()
        if self.is_verbose and now - self.last_line_at >= LINE_SECONDS:
            self.last_line_at = now
            self.stderr.write(text)
