"""Pages of the admin over many rows: python -m bench.admin_pages ROWS, in the database in DATABASE_URL.

    python tests/services/run.py --only postgres -- .venv/bin/python -m bench.admin_pages 1000000

For each page it prints the number of queries, the CPU time with and without PostgreSQL's JIT, and the large tables that
a query reads as a whole. `--keep` measures the rows of an earlier run again, `--verbose` names the slowest queries, and
`--only=retention` measures the pages whose names begin so.
"""

import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from itertools import chain
from operator import itemgetter
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.upgrade.settings")  # without collected static files
os.environ.setdefault("RELEASEHUB_ANONYMOUS_CACHE_SECONDS", "0")
django.setup()

from django.contrib import admin  # noqa: E402
from django.db import connection, models, transaction  # noqa: E402
from django.db.models import F  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import reverse  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench.copying import column_values, continue_sequence, copy_rows  # noqa: E402
from bench.seed import seed  # noqa: E402
from downloads.models import Category, Download  # noqa: E402
from files.hub_days import measure_hub_days  # noqa: E402
from files.models import Blob, DownloadDay, File  # noqa: E402
from releasehub.accounts.models import User  # noqa: E402
from releasehub.community.models import Comment, Report  # noqa: E402
from versions.models import Version  # noqa: E402

ROUNDS = 3
ONLY = tuple(word.removeprefix("--only=") for word in sys.argv if word.startswith("--only=")) or ""
PENDING_SHARE = 20  # one of so many versions and comments waits for a moderator
MANY_ROWS = 10_000  # of a table that no page may read as a whole


def fill(rows: int) -> None:
    """Seed versions with links, then turn the links into stored files and add everything else that the pages count."""
    seed(rows, has_log=False)
    User.objects.create_superuser("root", password="root")  # noqa: S106 - in a database of its own
    insert(new_blob(), new_blobs(rows // 3))
    File.objects.update(blob_id=F("id") / 3, external_url="", size_bytes=1000)
    Version.objects.filter(id__in=range(PENDING_SHARE, rows + 1, PENDING_SHARE)).update(state=Version.State.PENDING)
    insert(Comment(download_id=1, author_id=1, text="A comment."), new_comments(rows // 3))
    report = Report(download_id=1, kind="version", label="A version", reason="other", text="A report.")
    insert(report, new_reports(rows // 10))
    insert(DownloadDay(downloads=3, bot_downloads=1), new_days(rows))
    for model in (Blob, Comment, Report, DownloadDay):
        continue_sequence(model)
    measure_hub_days()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def insert(same: models.Model, rows: Iterator[dict[str, Any]]) -> None:
    """Insert rows that are like `same`, except for the columns that they name. All of them name the same columns."""
    first = next(rows)
    with transaction.atomic():
        values = (tuple(row.values()) for row in chain([first], rows))
        copy_rows(type(same), column_values(same), tuple(first), values)


def new_blob() -> Blob:
    return Blob(size_bytes=1000, mime_type="application/zip", state="stored")


def new_blobs(count: int) -> Iterator[dict[str, Any]]:
    now = timezone.now()
    for n in range(1, count + 1):
        yield {"id": n, "sha256": f"{n:064}", "sha512": f"{n:0128}", "md5": f"{n:032}", "storage_key": f"b{n}",
                      "created_at": now, "updated_at": now}  # fmt: skip


def new_comments(count: int) -> Iterator[dict[str, Any]]:
    now = timezone.now()
    for n in range(1, count + 1):
        moment = now - timedelta(minutes=n)
        state = Comment.State.MODERATED if n % PENDING_SHARE == 0 else Comment.State.VISIBLE
        yield {"id": n, "public_id": f"c{n:023}", "state": str(state.value), "created_at": moment,
                      "updated_at": moment}  # fmt: skip


def new_reports(count: int) -> Iterator[dict[str, Any]]:
    now = timezone.now()
    for n in range(1, count + 1):
        moment, is_open = now - timedelta(minutes=n), n % PENDING_SHARE == 0
        yield {"id": n, "public_id": f"r{n:023}", "object_id": n, "reporter_key": f"u{n}",
                      "state": "open" if is_open else "resolved", "handled_at": None if is_open else moment,
                      "created_at": moment, "updated_at": moment}  # fmt: skip


def new_days(rows: int) -> Iterator[dict[str, Any]]:
    today = timezone.now().date()
    for n in range(1, rows + 1):
        file_id = 3 * (1 + n % (rows // 3))
        yield {"id": n, "file_id": file_id, "day": today - timedelta(days=n // (rows // 3) * 10)}


def pages() -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield the name, the URL and the data of a POST request for each page."""
    queue = reverse("admin:moderation")
    yield "dashboard", reverse("admin:index"), {}
    yield "queue", queue, {}
    yield "queue, versions", f"{queue}?kind=version", {}
    yield "queue, last page", f"{queue}?page=999999", {}
    yield "storage", reverse("admin:files_storage"), {}
    for name in ("versions_version", "files_file", "files_downloadday", "files_blob"):
        yield f"list of {name}", reverse(f"admin:{name}_changelist"), {}
    rule = {"keep_newest": "3", "line_parts": "1", "min_age_days": "1", "idle_days": "20", "is_active": "on"}
    category = str(Category.objects.get().pk)
    add = reverse("admin:publishing_retentionrule_add")
    yield "retention preview, category", add, {**rule, "category": category}
    yield "retention preview, download", add, {**rule, "download": str(Download.objects.get(slug="benchmark-2").pk)}


def measure() -> None:
    connection.settings_dict["CONN_MAX_AGE"] = None  # `timed` changes a setting of the connection
    client = Client(SERVER_NAME="localhost", raise_request_exception=True)
    client.force_login(User.objects.get(username="root"))
    large = large_tables()
    print(f"{'page':<32} {'queries':>7} {'CPU ms':>8} {'with JIT':>8}  reads as a whole")
    for name, url, data in pages():
        if not name.startswith(ONLY):
            continue
        send = partial(client.post, url, data) if data else partial(client.get, url)
        queries: list[tuple[float, str, Any]] = []
        with connection.execute_wrapper(partial(note, queries)):
            answer = send()
        assert answer.status_code == 200, (url, answer.status_code)
        scanned = sorted(
            {table for _, sql, values in queries for table in scanned_tables(sql, values) if table in large}
        )
        without_jit, with_jit = timed(send, "off"), timed(send, "on")
        print(f"{name:<32} {len(queries):>7} {without_jit:>8.0f} {with_jit:>8.0f}  {', '.join(scanned)}", flush=True)
        if "--verbose" in sys.argv:
            for seconds, sql, _ in sorted(queries, reverse=True, key=itemgetter(0))[:4]:
                print(f"    {1000 * seconds:.0f} ms: {sql[:500]}")


def note(queries: list[tuple[float, str, Any]], execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
    started = perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        queries.append((perf_counter() - started, sql, params))


def timed(send: Any, jit: str) -> float:
    """Return the CPU time of a request in milliseconds, of this process and of PostgreSQL together."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET jit = {jit}")
        cursor.execute("SET max_parallel_workers_per_gather = 0")  # other processes would not be measured
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    send()
    started = cpu_seconds(pid)
    for _ in range(ROUNDS):
        send()
    return 1000 * (cpu_seconds(pid) - started) / ROUNDS


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of this process and of the other one, which counts in ticks of 10 ms."""
    ticks = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
    return process_time() + sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def large_tables() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND reltuples > %s", [MANY_ROWS])
        return {name for (name,) in cursor.fetchall()}


def scanned_tables(sql: str, values: Any) -> Iterator[str]:
    """Yield the tables that the plan of a statement reads as a whole."""
    if not sql.startswith(("SELECT", "(SELECT", "WITH")):
        return
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {sql}", values)
        waiting = [cursor.fetchone()[0][0]["Plan"]]
    while waiting:
        node = waiting.pop()
        waiting += node.get("Plans", [])
        if node["Node Type"] == "Seq Scan":
            yield node["Relation Name"]


if __name__ == "__main__":
    admin.autodiscover()
    if "--keep" not in sys.argv:
        fill(int(sys.argv[1]))
    measure()
