"""`manage.py rebuild_search`: index all downloads again."""

from typing import Any

from releasehub.core.commands import HubCommand
from releasehub.search.refresh import rebuild_index


class Command(HubCommand):
    help = "Index all downloads for the search again. This is only needed after rows were changed with plain SQL."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rebuild_index()} downloads are in the search index.")
