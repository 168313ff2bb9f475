"""Comparison of the statements of lists and look-ups by the number of versions: make bench ARGS="--size 1000,100000".

Prints a table, and a line for each plan that reads more rows of a growing table than a page or a bounded count needs.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench import servers
from bench.servers import Cluster, Environment, Setup
from tests.services.run import services, temporary_folder

LARGE = 5_000_000
MAX_RATIO = 1.5
NOISE_BUFFERS = 100  # pages: a small table has fewer levels of its indexes
# Parts of names, with the reason why a plan may read many rows there.
KNOWN = {
    "by number": "skips the rows before the page",
    "by files": "sorts the versions of one product, because no index has this order",
    ", search": "searches within texts, which no index answers",
}


def compare(sizes: Sequence[int]) -> tuple[dict[str, Any], bool]:
    """Measure each size in a database of its own. Return the figures, and whether all plans are as they should be."""
    sizes = sorted({*sizes, LARGE} if os.environ.get("BENCH_LARGE") else set(sizes))
    found: dict[int, dict[str, Any]] = {}
    with services("postgres", postgres_settings=servers.POSTGRES_SETTINGS) as urls, temporary_folder() as folder:
        cluster = Cluster.of(urls["DATABASE_URL"])
        for rows in sizes:
            environment = servers.hub_environment(Setup(1, 1, 0), cluster.new_database(f"size_{rows}"), folder)
            found[rows] = measure(environment, rows, folder)
            print(f"{rows:>9,} versions: {len(found[rows])} requests explained", flush=True)
            if rows != sizes[-1]:  # space for the larger ones
                cluster.drop_database(f"size_{rows}")
    print("\n" + size_table(found))
    problems = list(unexpected(found[max(found)]))
    print("\n".join(["", *problems]))
    return {"size": found}, not problems


def measure(environment: Environment, rows: int, folder: Path) -> dict[str, Any]:
    output = servers.run_python(environment, "-m", "bench.seed", str(rows), "--log").splitlines()[-1]
    servers.run_python(environment, "manage.py", "collectstatic", "--noinput", "-v0")
    slug = json.loads(output)["heavy_slug"]
    measured = servers.run_python(
        environment | {"RELEASEHUB_ENGINE_DOWNLOAD": slug}, "-m", "bench.size_plans", output
    ).splitlines()[-1]
    return dict(json.loads(measured))


def size_table(found: dict[int, dict[str, Any]]) -> str:
    small, large = found[min(found)], found[max(found)]
    lines = [f"{'request':<48} {'pages':>8} {'pages':>9} {'ms':>8} {'ms':>9}  statements"]
    for name in sorted(small.keys() & large.keys()):
        one, many = small[name], large[name]
        grows = "grows" if many["buffers"] > one["buffers"] * MAX_RATIO + NOISE_BUFFERS else ""
        lines.append(
            f"{name:<48} {one['buffers']:>8} {many['buffers']:>9} {one['ms']:>8.2f} {many['ms']:>9.2f}"
            f"  {many['queries']:>3} {grows}".rstrip()
        )
    return "\n".join(lines)


def unexpected(found: dict[str, Any]) -> list[str]:
    """Return the problems of plans that nobody has explained."""
    unknown = {name: figures for name, figures in found.items() if not any(part in name for part in KNOWN)}
    return [f"{name}: {problem[:300]}" for name, figures in unknown.items() for problem in figures["problems"]]
