"""Measurement of the statements of one database: python -m bench.size_plans SEEDED. Prints JSON.

The statements are the ones that the requests really send. Each is run with EXPLAIN (ANALYZE, BUFFERS), so the time of
Python and of the transport is not included.
"""

import json
import os
import statistics
import sys
from collections.abc import Iterator
from typing import Any

import django
import psycopg

from bench.plan import Seeded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")
REPEATS = 3
SLOW_MS = 300  # statements above are not repeated
TIMEOUT_MS = 10_000
MAX_SORTED = 1_100  # rows; an entity lists 1,000 versions at once
MAX_READ = 11_000  # rows; lists whose total is not stored count up to 10,000
# These lists count the downloads that the caller sees, and a hub has far fewer downloads than versions.
FEW_ROWS = frozenset({"downloads_download", "downloads_category", "downloads_publicslug", "search_searchdocument"})


def measure(seeded: Seeded) -> dict[str, dict[str, Any]]:
    from django.db import OperationalError, connection

    from bench.size_routes import routes

    with connection.cursor() as cursor:
        cursor.execute(f"SET statement_timeout = {TIMEOUT_MS}")
    found: dict[str, dict[str, Any]] = {}
    for route in routes(seeded):
        try:
            statements, status = sent(route)
            plans = [(sql, *explained(sql)) for sql in statements]
        except OperationalError as error:  # the statement timeout
            problem = f"{error}".splitlines()[0]
            found[route.name] = {"ms": TIMEOUT_MS, "buffers": 0, "queries": 0, "status": 500, "problems": [problem]}
            continue
        if status >= 400:
            print(f"{route.name}: {status}", file=sys.stderr)
            continue
        problems = [] if route.reads_many else [text for sql, _, plan in plans for text in judged(plan, sql)]
        found[route.name] = {
            "ms": sum(ms for _, ms, _ in plans),
            "buffers": sum(buffers(plan) for _, _, plan in plans),
            "queries": len(plans),
            "status": status,
            "problems": problems,
        }
    return found


def sent(route: Any) -> tuple[list[str], int]:
    """Return the statements of a request that reads, without any cache, and its status."""
    from django.core.cache import caches
    from django.db import connection

    statements: list[str] = []

    def collect(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and not many:
            # Prepared statements are recorded with their numbers of parameters, so the values are filled in here.
            cursor = psycopg.ClientCursor(connection.connection)
            statements.append(cursor.mogrify(sql, params).removesuffix(" FOR UPDATE"))
        return execute(sql, params, many, context)

    route.get()
    for cache in caches.all():
        cache.clear()
    with connection.execute_wrapper(collect):
        response = route.get()
        if response.streaming:
            b"".join(response.streaming_content)
    return statements, response.status_code


def explained(sql: str) -> tuple[float, dict[str, Any]]:
    """Return the median time for planning and execution in milliseconds, and the plan."""
    from django.db import connection

    times: list[float] = []
    while len(times) < REPEATS:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) {sql}".replace("%", "%%"), [])
            plan = cursor.fetchone()[0]
        found = (json.loads(plan) if isinstance(plan, str) else plan)[0]
        times.append(float(found["Planning Time"] + found["Execution Time"]))
        if times[0] > SLOW_MS:
            break
    return statistics.median(times), found["Plan"]


def buffers(plan: dict[str, Any]) -> int:
    """Return the pages of 8 KiB that a statement reads, whether they are cached or not."""
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def judged(plan: dict[str, Any], sql: str) -> Iterator[str]:
    """Yield what is wrong with a plan: nodes that read or sort more rows of a growing table than a page needs."""
    for node in nodes(plan):
        kind, rows = node["Node Type"], rows_read(node)
        tables = {part["Relation Name"] for part in nodes(node) if "Relation Name" in part}
        if rows > (MAX_SORTED if kind == "Sort" else MAX_READ) and not tables <= FEW_ROWS:
            yield f"{kind} of {rows:,} rows of {', '.join(sorted(tables))}: {sql[:3000]}"


def rows_read(node: dict[str, Any]) -> int:
    loops, kind = node["Actual Loops"], node["Node Type"]
    if loops and "Scan" in kind:
        removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        return int((node["Actual Rows"] + removed) * loops)
    if loops and kind == "Sort":
        return int(sum(below["Actual Rows"] * below["Actual Loops"] for below in node["Plans"]))
    return 0


if __name__ == "__main__":
    django.setup()
    print(json.dumps(measure(Seeded(**json.loads(sys.argv[1])))))
