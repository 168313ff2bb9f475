"""The shared part of the management commands of operations."""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.core.management.base import BaseCommand, CommandError

from releasehub.core.errors import DomainError
from releasehub.operations.errors import OperationError
from releasehub.operations.vault.passphrase import read_passphrase

LINE_SECONDS = 1.0
PUBLIC_UMASK = 0o022


class OperationCommand(BaseCommand):
    """A command with progress on stderr, at most one line a second, and errors without a traceback."""

    is_talking = True
    _told_at = 0.0

    def progress(self, text: str) -> None:
        now = time.monotonic()
        if self.is_talking and now - self._told_at >= LINE_SECONDS:
            self._told_at = now
            self.stderr.write(text)

    @contextmanager
    def reporting(self, options: dict[str, Any], *, is_private: bool = True) -> Iterator[None]:
        """Report errors of the block as the error of the command. Files that it creates are private by default."""
        self.is_talking, self._told_at = options["verbosity"] > 0, time.monotonic()
        umask = os.umask(settings.UMASK if is_private else PUBLIC_UMASK)
        try:
            yield
        except (OperationError, DomainError, OSError, SuspiciousOperation) as error:
            raise CommandError(str(error)) from error
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
