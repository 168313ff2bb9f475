"""Measurement of the time PostgreSQL spends on a list: python -m bench.dbtime KEY DOWNLOAD. Prints JSON.

The statements are the ones the API really sends. Each is run with EXPLAIN ANALYZE, so the time of Python and of the
transport is not included.
"""

import json
import os
import statistics
import sys
from typing import Any

PAGES = {"first page": 0.0, "deep page": 0.9}
REPEATS = 15


def summary(times: dict[str, dict[str, float]]) -> str:
    return "   ".join(f"{page} {found['ms']:.2f} ms in {found['queries']:.0f} queries" for page, found in times.items())


def measure(key: str, download: int) -> dict[str, dict[str, float]]:
    from django.test import Client

    client = Client(headers={"XF-Api-Key": key})
    path = f"/api/mc-dm-versions/?download_id={download}"
    last = client.get(path, headers={"Host": "localhost"}).json()["pagination"]["last_page"]
    return {page: timed(client, f"{path}&page={max(1, int(last * depth))}") for page, depth in PAGES.items()}


def timed(client: Any, path: str) -> dict[str, float]:
    statements = sent(client, path)
    milliseconds = [sum(explained(sql) for sql in statements) for _ in range(REPEATS)]
    return {"ms": statistics.median(milliseconds), "queries": len(statements)}


def sent(client: Any, path: str) -> list[str]:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        response = client.get(path, headers={"Host": "localhost"})
    assert response.status_code == 200, response.content
    assert len(response.json()["versions"]) == 20
    return [query["sql"] for query in queries if query["sql"].startswith("SELECT")]


def explained(sql: str) -> float:
    """Return the time for planning and execution in milliseconds."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {sql}".replace("%", "%%"), [])
        plan = cursor.fetchone()[0]
    found = (json.loads(plan) if isinstance(plan, str) else plan)[0]
    return float(found["Planning Time"] + found["Execution Time"])


if __name__ == "__main__":
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasehub.settings.base")
    django.setup()
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
