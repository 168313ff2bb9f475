"""The age of the last complete backup, and whether backups fail or are killed."""

from collections.abc import Iterator
from datetime import timedelta

from django.core.checks import CheckMessage, Info, Warning
from django.utils import timezone
from django.utils.timesince import timesince

from releasehub.operations.exclusive import interrupted_operation
from releasehub.operations.records import last_backup, last_failure
from releasehub.server.doctor.registry import register

MAX_AGE = timedelta(days=2)  # a daily backup may be late once
HINT = "Run: python manage.py backup TARGET. Let a scheduler run it daily, see Back up in docs/operating.md."


@register("backup")
def check_backup() -> Iterator[CheckMessage]:
    if failure := last_failure():
        yield Warning(f"The last backup to {failure.target} failed. Cause: {failure.error}", hint=HINT)
    if operation := interrupted_operation():
        yield Warning(f"An operation was killed or canceled: {operation}.", hint="Run it again, to its end.")
    if (backup := last_backup()) is None:
        yield Warning("No backup of this hub has been completed.", hint=HINT)
        return
    text = f"The last backup was completed {timesince(backup.finished_at)} ago."
    is_recent = timezone.now() - backup.finished_at <= MAX_AGE
    yield Info(text) if is_recent else Warning(text, hint=HINT)
