"""The `flush` command of Django, extended so that it can also empty the audit log."""

from typing import Any

from django.core.management.base import CommandError
from django.core.management.commands import flush
from django.db import connections, transaction

from releasehub.audit.retention import empty_log


class Command(flush.Command):
    """Empties the audit log in the way its triggers allow, then the rest. Tests with real transactions end with it."""

    def handle(self, **options: Any) -> None:
        alias = options["database"]
        if options["interactive"]:
            question = f"This deletes all data in {connections[alias].settings_dict['NAME']}, including the audit log. "
            if input(f"{question}Type 'yes' to continue: ") != "yes":
                raise CommandError("Nothing was deleted.")
        with transaction.atomic(using=alias):
            empty_log(alias)
            super().handle(**options | {"interactive": False})
