from argparse import ArgumentParser
from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from files.blob_checks import verify_blobs
from files.models import Blob
from files.storage_scan import scan_storage
from releasehub.core.commands import HubCommand


class Command(HubCommand):
    help = (
        "Compare stored files with their checksums. Files that are missing or damaged are marked and can no longer be "
        "downloaded. Exit with code 1 if there are any. Each result is stored at once, so --skip-hours continues a "
        "run that was interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sample", type=int, metavar="N", help="check only the N files checked the longest ago")
        parser.add_argument(
            "--skip-hours", type=float, metavar="HOURS", help="skip files that were checked in the last HOURS hours"
        )
        parser.add_argument("--orphans", action="store_true", help="also list stored objects that belong to nothing")

    def handle(
        self, *args: Any, sample: int | None, skip_hours: float | None, orphans: bool = False, **options: Any
    ) -> None:
        total, bad = self._verify(_chosen(sample, skip_hours))
        if orphans:
            self._list_orphans()
        if bad:
            raise CommandError(
                f"{bad} of {total} stored files are missing or damaged. Restore them from a backup.", returncode=1
            )

    def _verify(self, blobs: Iterable[Blob]) -> tuple[int, int]:
        total = read_bytes = missing = damaged = 0
        for check in verify_blobs(blobs):
            total += 1
            read_bytes += check.blob.size_bytes
            if check.problem:
                missing += check.problem == "missing"
                damaged += check.problem != "missing"
                self.stdout.write(f"{check.blob.storage_key}\tsha256:{check.blob.sha256}\t{check.problem}")
            if total % 1000 == 0:
                self.stderr.write(f"{total} files checked, {read_bytes} bytes, {missing + damaged} bad ...")
        self.stderr.write(f"{total} files checked, {read_bytes} bytes, {missing} missing, {damaged} damaged")
        return total, missing + damaged

    def _list_orphans(self) -> None:
        scan = scan_storage(is_forced=True)
        if scan is None or scan.finished_at is None:
            self.stderr.write("Another process is looking for orphans. See the page Storage in the admin.")
            return
        for item in scan.orphans:
            self.stdout.write(f"{item['key']}\torphaned\t{item['size_bytes']}")
        self.stderr.write(
            f"{scan.object_count} objects stored, {scan.orphan_count} orphaned with {scan.orphan_bytes} bytes. "
            "Remove them with collect_garbage."
        )


def _chosen(sample: int | None, skip_hours: float | None) -> Iterable[Blob]:
    rows = Blob.objects.due_for_check()
    if skip_hours is not None:
        rows = rows.filter(checked_at__lt=timezone.now() - timedelta(hours=skip_hours))
    return rows[:sample] if sample else rows.iterator()
