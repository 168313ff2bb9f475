"""`flush` empties the database; the audit log goes by the one way its triggers allow."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import flush
from django.db import connections, transaction

from releasehub.audit.retention import empty_log


class Command(flush.Command):
    """Django's own, after the log was emptied; tests with real transactions end with it."""

    def handle(self, **options: Any) -> None:
        alias = options["database"]
        if options["interactive"]:
            question = f"This erases everything in {connections[alias].settings_dict['NAME']}, audit log included. "
            if input(f"{question}Type 'yes' to go on: ") != "yes":
                raise CommandError("Nothing was erased.")
        with transaction.atomic(using=alias):
            empty_log(alias)
            super().handle(**options | {"interactive": False})
