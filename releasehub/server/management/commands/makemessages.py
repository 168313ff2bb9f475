"""Collect the texts that pages show."""

from __future__ import annotations

from typing import Any

from django.core.management.commands import makemessages

NOT_SHOWN = [
    "tests",
    "bench",
    "build",
    "cli",
    "docs",
    "var",
    "releasehub/api",
    "releasehub/backoffice",
    "style_guide.html",
]
NOT_SHOWN += ["templates/admin", "templates/unfold"]


class Command(makemessages.Command):
    """Collect texts like Django's command, but from the product only, and without guessing translations."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def handle(self, *args: Any, **options: Any) -> None:
        options["ignore_patterns"] = [*options["ignore_patterns"], *NOT_SHOWN]
        super().handle(*args, **options)

    def write_po_file(self, potfile: str, locale: str) -> None:
        """Remove the date, so that the file changes only if a text does."""
        with open(potfile, encoding="utf-8") as file:
            lines = [line for line in file if not line.startswith('"POT-Creation-Date:')]
        with open(potfile, "w", encoding="utf-8") as file:
            file.writelines(lines)
        super().write_po_file(potfile, locale)
