"""The command `settings`, which lists the environment variables of the hub."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from releasehub.settings.declarations import Declaration, as_markdown, plain
from releasehub.settings.environment import env

PAGE = """# Settings

`python manage.py settings --markdown` prints this page from the declarations in `releasehub/settings`. On a hub,
`python manage.py settings --help-all` also shows the current value of each variable and where it comes from.
"""


class Command(BaseCommand):
    help = "List the environment variables that are set, with the values that the hub uses. Secrets are not shown."
    requires_system_checks: list[str] = []  # it also helps where the checks fail

    def add_arguments(self, parser: ArgumentParser) -> None:
        shown = parser.add_mutually_exclusive_group()
        shown.add_argument("--help-all", action="store_true", help="list all variables with type, default and meaning")
        shown.add_argument("--markdown", action="store_true", help="print docs/settings.md")

    def handle(self, *args: Any, help_all: bool, markdown: bool, **options: Any) -> None:
        declared = list(env.declared.values())
        if markdown:
            self.stdout.write(PAGE + as_markdown(declared))
            return
        data_dir = Path(settings.DATA_DIR)
        for declaration in declared:
            source = declaration.source(data_dir)
            if help_all or source != "default":
                self.stdout.write(f"{declaration.name} = {declaration.shown_value(data_dir)}  ({source})")
            if help_all:
                self._explain(declaration)

    def _explain(self, declaration: Declaration) -> None:
        self.stdout.write(f"    {declaration.kind}; default: {plain(declaration.default)}")
        self.stdout.write(f"    {plain(declaration.help)}\n")
