from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError

from files.app_images import read_app_images
from releasehub.core.commands import HubCommand
from releasehub.core.errors import StorageUnavailable


class Command(HubCommand):
    help = (
        "Read the update information and the block maps of AppImages that were uploaded to an older hub, so that "
        "update feeds can use them. Each result is stored at once. Use --after to continue an interrupted run. "
        "Without it, the command reads AppImages without update information again."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--after", type=int, default=0, metavar="ID", help="continue after this stored file")

    def handle(self, *args: Any, after: int, **options: Any) -> None:
        total = found = 0
        try:
            for blob in read_app_images(after=after):
                total, after = total + 1, blob.pk
                found += bool(blob.update_information or blob.block_map_bytes)
                if total % 100 == 0:
                    self.stderr.write(f"{total} AppImages read ...")
        except (KeyboardInterrupt, StorageUnavailable) as error:
            reason = getattr(error, "message", "Interrupted.")
            raise CommandError(f"{reason} Continue with --after {after}.") from None
        self.stdout.write(f"{total} AppImages read, {found} of them with update information or a block map.")
