"""Collect the texts that pages show, with the sentences of the domain."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.commands import makemessages

from releasehub.core.domain_messages import TEMPLATES
from releasehub.server.message_sources import collect

NOT_SHOWN = ["tests", "bench", "build", "cli", "docs", "var", "releasehub/api", "releasehub/backoffice"]
NOT_SHOWN += ["templates/admin", "templates/unfold", "style_guide.html"]


class Command(makemessages.Command):
    """Collect texts like Django's command, but from the product only, and without guessing translations."""

    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def handle(self, *args: Any, **options: Any) -> None:
        options["ignore_patterns"] = [*options["ignore_patterns"], *NOT_SHOWN]
        sentences = collect(settings.BASE_DIR)
        TEMPLATES.write_text("".join(f"{line}\n" for line in sentences), encoding="utf-8")
        readable = Path("domain_messages.py")  # for xgettext, which reads Python but no plain text
        readable.write_text("".join(f"gettext_noop({line!r})\n" for line in sentences), encoding="utf-8")
        try:
            super().handle(*args, **options)
        finally:
            readable.unlink()

    def write_po_file(self, potfile: str, locale: str) -> None:
        """Remove the date, so that the file changes only if a text does."""
        path = Path(potfile)
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        path.write_text("".join(line for line in lines if not line.startswith('"POT-Creation-Date:')), encoding="utf-8")
        super().write_po_file(potfile, locale)
