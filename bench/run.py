"""Benchmarks of ReleaseHub against a minimal application on the same stack, on servers started for this purpose.

Every target runs once per round on both sides, so that other load on the machine affects both alike. Only the ratios
are meaningful; bench/README.md explains how to read them. No time is asserted. The exit code is 1 if a request failed.
"""

import argparse
import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

if not __package__:  # started as a script: find the package from the root of the checkout
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench import dbtime, embedded, publishing, servers, size, webhooks
from bench import soak as soaking
from bench.cluster import run as cluster
from bench.embedded import EMBEDDED
from bench.peers import compare as peers
from bench.peers.figures import peer_table
from bench.publishing import PUBLISHING
from bench.servers import Cluster, Setup
from bench.web import compare_web
from bench.webhooks import WEBHOOKS
from tests.services.processes import ServiceError, interrupts
from tests.services.run import services, temporary_folder

RESULTS = Path(__file__).parent / "results"


def compare(options: argparse.Namespace) -> tuple[dict[str, Any], bool]:
    """Run the comparison. Return the figures, and True if every request succeeded."""
    is_web = options.only not in {WEBHOOKS, EMBEDDED, PUBLISHING}
    figures, is_complete = compare_web(options) if is_web else ({}, True)
    with interrupts.caught(), interrupts.allowed():
        if options.only in WEBHOOKS:
            delivered = webhooks.measure(options.rounds)
            print("\n" + webhooks.webhook_table(delivered))
            figures["webhooks"] = asdict(delivered) | {"ratios": delivered.ratios()}
        if options.only in EMBEDDED:
            alone = embedded.measure()
            print("\n" + embedded.embedded_table(alone))
            figures["embedded"] = asdict(alone)
        if options.only in PUBLISHING:
            published = publishing.measure(options.rounds, options.seconds)
            print("\n" + publishing.publishing_table(published))
            figures["publishing"] = asdict(published)
            is_complete = is_complete and not any(load.failed for load in published.loads)
    return figures, is_complete


def scale(options: argparse.Namespace) -> dict[str, Any]:
    """Measure the database time of the list for each number of rows."""
    setup, found = Setup(1, 1, 0), {}
    with services("postgres", postgres_settings=servers.POSTGRES_SETTINGS) as urls, temporary_folder() as folder:
        cluster = Cluster.of(urls["DATABASE_URL"])
        for rows in options.rows:
            environment = servers.hub_environment(setup, cluster.new_database(f"hub_{rows}"), folder)
            seeded = servers.seed_hub(environment, rows)
            output = servers.run_python(environment, "-m", "bench.dbtime", seeded.key, str(seeded.heavy))
            found[rows] = json.loads(output.splitlines()[-1])
            print(f"{rows:>9,} versions  {dbtime.summary(found[rows])}", flush=True)
    smallest = found[min(found)]
    for page in smallest:
        ratios = [times[page]["ms"] / smallest[page]["ms"] for times in found.values()]
        print(f"{page}: at most {max(ratios):.2f} times the smallest, budget 1.50, aim 1.10")
    return {"database_time": found}


def soak(options: argparse.Namespace) -> tuple[dict[str, Any], bool]:
    found = soaking.measure(options.minutes * 60, options.connections, options.pause)
    print("\n" + soaking.soak_table(found))
    return {"soak": soaking.as_json(found)}, found.is_good


def compare_peers(options: argparse.Namespace) -> tuple[dict[str, Any], bool]:
    found = peers.compare(options.rounds, options.seconds, options.rows[0], options.upload, options.large)
    print(peer_table(found, options.upload, options.large))
    return {"peers": asdict(found)}, not found.failed()


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add = parser.add_argument
    add("--rounds", type=int, default=5, help="the number of rounds per target (%(default)s)")
    add("--seconds", type=float, default=4, help="the length of one measurement in seconds (%(default)s)")
    add("--rows", type=numbers, default=[100_000], help="versions, 100000; several numbers with commas between them "
        "measure the database time of the list for each instead")  # fmt: skip
    add(
        "--only",
        default="",
        metavar="TEXT",
        help="targets with this in their name; webhooks: deliveries; embedded: the one process of make run; "
        "publishing: new versions on SQLite",
    )
    add(
        "--size",
        type=numbers,
        default=[],
        metavar="ROWS",
        help="explain the statements of lists and look-ups with each of these numbers of versions",
    )
    add("--upload", type=int, default=64, metavar="MIB", help="size of an upload (%(default)s)")
    add("--workers", type=int, default=2, help="processes of each web server (%(default)s)")
    add("--threads", type=int, default=1, help="blocking threads of each process (%(default)s)")
    add("--pool", type=int, default=4, help="database connections of each process, 0: no pool (%(default)s)")
    add("--peers", action="store_true", help="compare ReleaseHub with pulpcore, devpi and a stand-in instead")
    add("--large", type=int, default=1024, metavar="MIB", help="size of the large download of --peers (%(default)s)")
    add("--soak", action="store_true", help="load ReleaseHub with many clients for a long time instead")
    add("--minutes", type=float, default=10, help="the length of --soak in minutes (%(default)s)")
    add("--connections", type=int, default=200, help="the number of clients of --soak (%(default)s)")
    add("--pause", type=float, default=0, help="the mean pause of a client of --soak between two requests, in seconds")
    add("--cluster", type=float, nargs="?", const=120.0, metavar="SECONDS", help="load on a hub of twelve machines, of "
        "which three are switched off (120 seconds)")  # fmt: skip
    add("--json", type=Path, metavar="FILE", help="the file for the results (bench/results/<time>.json)")
    return parser.parse_args(arguments)


def numbers(text: str) -> list[int]:
    found = [int(part) for part in text.split(",")]
    if min(found) < 1000:
        raise argparse.ArgumentTypeError("fewer than 1000 versions say nothing")
    return found


def write(figures: dict[str, Any], path: Path | None) -> None:
    now = datetime.now(UTC)
    target = path or RESULTS / f"{now:%Y%m%d-%H%M%S}.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    head = {"at": now.isoformat(timespec="seconds"), "python": platform.python_version(), "system": platform.platform()}
    target.write_text(json.dumps(head | figures, indent=1))
    print(f"\nwritten to {target}")


def main(arguments: Sequence[str]) -> int:
    options = parse(arguments)
    try:
        if options.soak:
            figures, is_complete = soak(options)
        elif options.peers:
            figures, is_complete = compare_peers(options)
        elif options.cluster:
            figures, is_complete = cluster.measure(options.cluster)
        elif options.size:
            figures, is_complete = size.compare(options.size)
        elif len(options.rows) > 1:
            figures, is_complete = scale(options), True
        else:
            figures, is_complete = compare(options)
    except (ServiceError, RuntimeError) as reason:
        print(reason, file=sys.stderr)
        return 1
    write(figures | {"rows": options.rows}, options.json)
    return 0 if is_complete else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
