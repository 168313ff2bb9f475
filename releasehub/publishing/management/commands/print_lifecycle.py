"""Print the page docs/lifecycle.md."""

from typing import Any

from releasehub.core.commands import HubCommand
from releasehub.publishing.table_page import lifecycle_page


class Command(HubCommand):
    help = "Print docs/lifecycle.md, the table of all transitions of a version."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(lifecycle_page(), ending="")
