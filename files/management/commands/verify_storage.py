from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from files.blob_checks import verify_blobs
from files.models import Blob


class Command(BaseCommand):
    help = (
        "Compare stored files, or a random sample of them, with their checksums. Files that are "
        "missing or damaged are marked and can no longer be downloaded. Exit with code 1 if there are "
        "any."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--sample", type=int, metavar="N", help="check only N files, chosen at random")

    def handle(self, *args: Any, sample: int | None, **options: Any) -> None:
        blobs = Blob.objects.order_by("?")[:sample] if sample else Blob.objects.order_by("id").iterator()
        total = read_bytes = bad = 0
        for check in verify_blobs(blobs):
            total += 1
            read_bytes += check.blob.size_bytes
            if check.problem:
                bad += 1
                self.stdout.write(f"{check.blob.storage_key}\tsha256:{check.blob.sha256}\t{check.problem}")
            if total % 1000 == 0:
                self.stderr.write(f"{total} files checked, {read_bytes} bytes, {bad} missing or damaged ...")
        self.stderr.write(f"{total} files checked, {read_bytes} bytes, {bad} missing or damaged")
        if bad:
            raise CommandError(
                f"{bad} of {total} stored files are missing or damaged. Restore them from a backup.", returncode=1
            )
