"""Is the process up, and is everything it needs within reach?"""

from collections.abc import Callable

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from files.storage import blob_storage


def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers. Nothing else is asked, so that a broken database does not restart every web process."""
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> JsonResponse:
    """503 until database, migrations, broker and storage are as they should be."""
    results = readiness()
    return JsonResponse(results, status=200 if all(results.values()) else 503)


def readiness() -> dict[str, bool]:
    """What the hub needs, and whether it is there."""
    checks: dict[str, Callable[[], bool]] = {
        "database": is_database_reachable,
        "migrations": is_migrated,
        "broker": is_broker_reachable,
        "storage": lambda: blob_storage().is_reachable(),
    }
    return {name: check() for name, check in checks.items()}


def is_database_reachable() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def is_migrated() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError:
        return False


def is_broker_reachable() -> bool:
    """Without Redis, broker and cache live in the process."""
    if not settings.REDIS_URL:
        return True
    try:
        cache.get("readyz")
    except RedisError:
        return False
    return True
