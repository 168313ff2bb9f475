"""The Django app of the audit log."""

from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate


class AuditConfig(AppConfig):
    name = "releasehub.audit"

    def ready(self) -> None:
        post_migrate.connect(_reinstall_triggers, sender=self)


def _reinstall_triggers(using: str, **_: Any) -> None:
    """Install the triggers again after every migration, because SQLite drops them when it rebuilds a table."""
    from releasehub.audit.trigger_sql import CHECKPOINT
    from releasehub.audit.triggers import install

    connection = connections[using]
    if connection.vendor == "sqlite" and CHECKPOINT in connection.introspection.table_names():
        install(connection)
