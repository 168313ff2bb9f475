"""Switch the read-only mode on and off. See `releasehub.core.read_only` for what it does."""

import time

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connection, transaction
from django.utils import timezone

from releasehub.core.database_errors import READ_ONLY_REFUSAL
from releasehub.operations.models import ReadOnlyMode
from releasehub.operations.tables.schema import quoted

# Processes may still act on a mode that they read this many checks ago.
_CHECKS_TO_WAIT = 3
_TRIGGER = "read_only_"
# Tables that operations write in the read-only mode, and sessions: visitors who follow a share link start one, and
# Django tries new keys without end if the database refuses it.
_WRITABLE = (
    "operations_readonlymode",
    "operations_backuprun",
    "django_migrations",
    "django_session",
    "search_document",
)


def is_mode_on() -> bool:
    """Return whether the mode is on for this process. It is off for processes that already use the new storage."""
    rows = ReadOnlyMode.objects.using(DEFAULT_DB_ALIAS)  # a replica may not know the mode yet
    ends_with = rows.filter(pk=1).values_list("ends_with_storage", flat=True).first()
    return ends_with is not None and ends_with != settings.STORAGE_KIND


def current_mode() -> ReadOnlyMode | None:
    return ReadOnlyMode.objects.filter(pk=1).first()


def switch_on(reason: str, *, ends_with_storage: str = "") -> None:
    """Switch the mode on, and wait until every process has seen it.

    Args:
        reason: What the hub is waiting for; shown to the operator.
        ends_with_storage: The mode is over for processes with this RELEASEHUB_STORAGE.
    """
    values = {"reason": reason, "ends_with_storage": ends_with_storage, "since": timezone.now()}
    ReadOnlyMode.objects.update_or_create(pk=1, defaults=values)
    time.sleep(_CHECKS_TO_WAIT * (settings.READ_ONLY_CHECK_SECONDS or 0))


def switch_off() -> None:
    """Switch the mode off, and accept changes of all tables again."""
    with transaction.atomic():
        remove_fence()
        ReadOnlyMode.objects.all().delete()


def fence() -> None:
    """Make SQLite itself refuse every change, so that none can slip through after the last copy began.

    Requests that began before the mode was switched on, and code that does not ask for it, fail with an error that the
    hub answers like the mode.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if not table.startswith(_WRITABLE):
                for event in ("INSERT", "UPDATE", "DELETE"):
                    name = f"{_TRIGGER}{table}_{event.lower()}"
                    cursor.execute(
                        f"CREATE TRIGGER IF NOT EXISTS {quoted(name)} BEFORE {event} ON {quoted(table)} "
                        f"BEGIN SELECT RAISE(ABORT, '{READ_ONLY_REFUSAL}'); END"
                    )


def remove_fence() -> None:
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE %s", [f"{_TRIGGER}%"])
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP TRIGGER {quoted(name)}")
