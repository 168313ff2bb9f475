"""Apply the retention rules at once, or show what they delete."""

from argparse import ArgumentParser
from functools import partial
from typing import Any

from releasehub.core.commands import HubCommand
from releasehub.publishing.models import RetentionRule
from releasehub.publishing.retention.running import apply_rules
from releasehub.publishing.retention.services import preview_rule


class Command(HubCommand):
    help = (
        "Soft-delete the versions that the retention rules select, as the daily task does. A run that was interrupted "
        "is continued first. Deleted versions can be restored until they are purged."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="print what each rule would delete, and stop")

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        if dry_run:
            for rule in RetentionRule.objects.select_related("category", "download"):
                self._print(rule)
            return
        run = apply_rules(is_forced=True)
        while run is not None and run.finished_at is None:
            run = apply_rules()
        self.stdout.write(f"{run.deleted_count if run else 0} versions deleted")

    def _print(self, rule: RetentionRule) -> None:
        preview = preview_rule(rule, max_versions=None, report=partial(self._report, str(rule)))
        self.stdout.write(f"{rule}: {preview.download_count} downloads examined")
        for line in [*preview.deletion.lines(), *preview.deletion.name_lines()]:
            self.stdout.write(f"  {line}")

    def _report(self, rule: str, downloads: int, versions: int) -> None:
        self.stderr.write(f"{rule}: {downloads:,} downloads with {versions:,} versions examined so far")
