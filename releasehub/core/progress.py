"""Progress of management commands."""

from __future__ import annotations

import time

from django.core.management.base import BaseCommand

LINE_SECONDS = 1.0


class ProgressCommand(BaseCommand):
    """A command with progress on stderr, at most one line a second.

    Attributes:
        is_verbose: Whether progress is printed.
        last_line_at: When the last line was printed, by the monotonic clock.
    """

    is_verbose = True
    last_line_at = float("-inf")

    def progress(self, text: str) -> None:
        now = time.monotonic()
        if self.is_verbose and now - self.last_line_at >= LINE_SECONDS:
            self.last_line_at = now
            self.stderr.write(text)
