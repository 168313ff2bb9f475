"""Print the page docs/lifecycle.md."""

from typing import Any

from django.core.management.base import BaseCommand

from releasehub.publishing.table_page import lifecycle_page


class Command(BaseCommand):
    help = "Print docs/lifecycle.md, the table of all transitions of a version."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(lifecycle_page(), ending="")
