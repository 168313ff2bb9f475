"""Fault runs: check the promises of ReleaseHub while its processes are killed. Exit with code 1 if one is broken.

python tests/faults/run.py events [--events 20000]        workers, Redis and PostgreSQL die: nothing is lost
python tests/faults/run.py embedded [--versions 3000]     the same for the one process of `make run`
python tests/faults/run.py isolation [--events 10000]     one endpoint of a hundred hangs
python tests/faults/run.py races [--rounds 500]           two commits race, one is rolled back
python tests/faults/run.py log [--operations 10000]       the audit log while writers die
python tests/faults/run.py broker [--away 60]             Redis is gone for a while
python tests/faults/run.py tampering [--rounds 500]       the audit log is tampered with
python tests/faults/run.py verify [--rows 1000000]        a long audit log is verified, and one row of it changed
python tests/faults/run.py retention [--downloads 40]     the retention rules are applied and killed
python tests/faults/run.py importing [--releases 300]     an import from another hub is killed twice
python tests/faults/run.py operations [--versions 1000]   backups, restores and moves are killed and run again
python tests/faults/run.py upgrading --old PATH           an older release is upgraded while a visitor publishes
python tests/faults/run.py --seed 7 events                the same random choices again
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from random import SystemRandom
from typing import Any

if not __package__:  # started as a script: find the package from the root of the checkout
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from tests.faults import (
    broker,
    embedded,
    events,
    importing,
    isolation,
    log,
    long_log,
    operations,
    races,
    retention,
    tampering,
    upgrading,
)
from tests.faults.verdicts import Report
from tests.services.processes import ServiceError, interrupts

Option = tuple[str, Any, str]

EVERY = "seconds from kill to kill"
KILLS: Option = ("kills", 200, "kills at most, about")
PATIENCE: Option = ("patience", 600.0, "seconds for all to arrive, or to be done")
SLOWEST: Option = ("slowest", 5.0, "seconds for the slowest answer while Redis is away")
LONGEST: Option = ("longest", 60.0, "seconds to verify the log")
CATCH_UP: Option = ("catch-up", 60.0, "seconds until all is sent after Redis has returned")
RUNS: dict[str, tuple[Callable[..., Report], tuple[Option, ...]]] = {
    "events": (
        events.run,
        (
            ("events", 20_000, "transactions that commit"),
            ("workers", 4, "Celery workers"),
            ("life", 5.0, "seconds a worker has run before it is killed"),
            ("every", 2.0, EVERY),
            KILLS,
            ("flush", 20.0, "seconds from FLUSHALL to FLUSHALL"),
            PATIENCE,
        ),
    ),
    "embedded": (
        embedded.run,
        (("versions", 3000, "versions to publish"), ("every", 5.0, EVERY), PATIENCE),
    ),
    "isolation": (
        isolation.run,
        (
            ("events", 10_000, "transactions that commit"),
            ("pause", 0.05, "seconds a writer waits in between"),
            PATIENCE,
        ),
    ),
    "races": (races.run, (("rounds", 500, "races"), PATIENCE)),
    "log": (log.run, (("operations", 10_000, "transactions that commit"), ("every", 2.5, EVERY), KILLS, PATIENCE)),
    "broker": (broker.run, (("away", 60.0, "seconds without Redis"), SLOWEST, CATCH_UP, PATIENCE)),
    "tampering": (tampering.run, (("rounds", 500, "tamperings"),)),
    "retention": (
        retention.run,
        (("downloads", 40, "downloads with a rule"), ("versions", 15, "versions of each"), PATIENCE),
    ),
    "importing": (
        importing.run,
        (
            ("releases", 300, "releases of the other hub"),
            ("files", 2000, "files of all releases"),
            ("size", 50_000, "average size of a file in bytes"),
            ("large", 200_000_000, "size of the last file in bytes"),
            PATIENCE,
        ),
    ),
    "operations": (
        operations.run,
        (
            ("versions", 1000, "versions, each with a file"),
            ("size", 100_000, "average size of a file in bytes"),
            ("kills", 5, "kills of each command"),
            ("services-too", 0, "1: with PostgreSQL and S3, and the moves to them"),
        ),
    ),
    "upgrading": (
        upgrading.run,
        (
            ("old", "", "the worktree of the older release"),
            ("versions", 100_000, "versions, each with a file"),
            ("stop", 0, "1: stop the old processes before the migrations, as the upgrade from 0.1.0 needs"),
            PATIENCE,
        ),
    ),
    "verify": (long_log.run, (("rows", 1_000_000, "rows of the log"), LONGEST)),
}


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seed", type=int, default=SystemRandom().randrange(1_000_000), help="the seed of all random choices"
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (run, options) in RUNS.items():
        about = (sys.modules[run.__module__].__doc__ or "").splitlines()[0]
        command = commands.add_parser(name, help=about, description=about)
        for option, default, what in options:
            command.add_argument(f"--{option}", type=type(default), default=default, help=f"{what} (%(default)s)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str]) -> int:
    options = vars(parse(arguments))
    run, _ = RUNS[options.pop("command")]
    try:
        with interrupts.caught(), interrupts.allowed():
            report = run(**options)
    except ServiceError as reason:
        print(reason, file=sys.stderr)
        return 1
    print(report)
    return int(report.failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
