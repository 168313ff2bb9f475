"""The settings and the migrations of the hub."""

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import WARNING, CheckMessage, Error, Info, Warning, run_checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.recorder import MigrationRecorder

from releasehub.server.doctor.registry import register


@register("settings")
def check_settings() -> Iterator[CheckMessage]:
    """Run Django's own checks. The deployment checks run only on a hub that has a public URL."""
    messages = run_checks(include_deployment_checks=bool(settings.PUBLIC_URL))
    found = [message for message in messages if message.level >= WARNING and not message.is_silenced()]
    yield from found
    if settings.DEBUG:
        yield Error("DEBUG is on. Error pages show secrets to visitors.", hint="Unset DEBUG, then restart the hub.")
    if not found and not settings.DEBUG:
        yield Info("The settings are valid.")


@register("migrations")
def check_migrations() -> Iterator[CheckMessage]:
    """Compare the migrations of the code with those that the database has recorded."""
    executor = MigrationExecutor(connection)
    pending = [migration for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]
    apps = executor.loader.migrated_apps
    applied = {key for key in MigrationRecorder(connection).applied_migrations() if key[0] in apps}
    newer = sorted(applied - set(executor.loader.disk_migrations))
    if pending:
        listed = ", ".join(f"{migration.app_label}.{migration.name}" for migration in pending[:5])
        yield Error(
            f"Migrations that are not applied ({len(pending)}): {listed}{' …' if len(pending) > 5 else ''}",
            hint="Run: python manage.py migrate",
        )
    if newer:
        yield Warning(
            f"The database has migrations that this code does not know ({len(newer)}), such as {'.'.join(newer[0])}.",
            hint="A newer release has migrated this database. Upgrade this process, too, or see Roll back in "
            "docs/operating.md.",
        )
    if not pending and not newer:
        yield Info("All migrations are applied.")
