"""The command `export`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.template.defaultfilters import filesizeformat

from releasehub.operations.commands import OperationCommand
from releasehub.operations.exports.exporting import export_releases

SHOWN_STALE = 10


class Command(OperationCommand):
    help = (
        "Write downloads as static files: a folder for each download and version with its files, SHA256SUMS, release "
        "notes, metadata and a page, so that any web server can serve it. Only versions and files that every visitor "
        "can see are exported. Files that the folder has already are compared with their digests and not written "
        "again; run the command again after an interruption, or to update a mirror. Exit with code 1 if files of the "
        "hub are missing or damaged."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", metavar="DIRECTORY", help="an empty folder, or that of an earlier export")
        chosen = parser.add_mutually_exclusive_group(required=True)
        chosen.add_argument(
            "--download",
            action="append",
            default=[],
            dest="slugs",
            metavar="SLUG",
            help="a download to export; can be given several times",
        )
        chosen.add_argument("--all", action="store_true", help="export all downloads")
        parser.add_argument(
            "--private",
            action="store_true",
            help="export everything: private downloads, drafts, unlisted versions and secured files. The files are "
            "then readable by the user of the hub only",
        )
        parser.add_argument(
            "--delete",
            action="store_true",
            help="delete files from the folder that do not belong to the export any longer, such as those of a deleted "
            "version",
        )

    def handle(self, *args: Any, directory: str, slugs: list[str], private: bool, delete: bool, **options: Any) -> None:
        with self.reporting(options, is_private=private):
            result = export_releases(
                directory, slugs=slugs, is_private=private, deletes_stale=delete, progress=self.progress
            )
        self.stdout.write(
            f"{directory} has {result.downloads} downloads, {result.versions} versions and {result.files} files "
            f"({filesizeformat(result.file_bytes)}); {result.copied} files are new."
        )
        self._report_stale(result.stale, is_deleted=delete)
        for fault in result.faults:
            self.stderr.write(fault)
        if result.faults:
            raise CommandError(
                f"{len(result.faults)} files could not be exported, because the hub has lost or damaged them. Run "
                "`manage.py verify_storage`, and restore them from a backup."
            )

    def _report_stale(self, stale: list[str], *, is_deleted: bool) -> None:
        if not stale:
            return
        if is_deleted:
            self.stdout.write(f"{len(stale)} files that are no longer part of the export were deleted.")
            return
        self.stdout.write(f"{len(stale)} files are no longer part of the export. Add --delete to delete them:")
        for path in stale[:SHOWN_STALE]:
            self.stdout.write(f"  {path}")
