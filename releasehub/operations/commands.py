"""The shared part of the management commands of operations."""

import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation

from releasehub.core.commands import ProgressCommand, command_error
from releasehub.core.errors import DomainError
from releasehub.operations.errors import OperationError
from releasehub.operations.vault.passphrase import read_passphrase

PUBLIC_UMASK = 0o022


class OperationCommand(ProgressCommand):
    """A command with progress, and with errors without a traceback."""

    @contextmanager
    def reporting(self, options: dict[str, Any], *, is_private: bool = True) -> Iterator[None]:
        """Report errors of the block as the error of the command. Files that it creates are private by default."""
        self.is_verbose, self.last_line_at = options["verbosity"] > 0, time.monotonic()
        umask = os.umask(settings.UMASK if is_private else PUBLIC_UMASK)
        try:
            yield
        except (OperationError, DomainError, OSError, SuspiciousOperation) as error:
            raise command_error(error) from error
        finally:
            os.umask(umask)


class VaultCommand(OperationCommand):
    """A command that reads or writes a vault."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "target", metavar="TARGET", help="a folder, or s3://bucket/folder, which is reached with the AWS_* settings"
        )
        parser.add_argument(
            "--passphrase-file",
            default="",
            metavar="FILE",
            help="read the passphrase from the first line of this file (default: RELEASEHUB_BACKUP_PASSPHRASE, or the "
            "file that RELEASEHUB_BACKUP_PASSPHRASE_FILE names)",
        )

    def passphrase(self, options: dict[str, Any]) -> str:
        return read_passphrase(options["passphrase_file"])
