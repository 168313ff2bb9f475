"""Install the client programs, and run the tests that start them, next to an S3 server of their own.

    python tests/clients/run.py              all tests of tests/clients
    python tests/clients/run.py -k gh -n 0   arguments of pytest
    python tests/clients/run.py --renovate   Renovate as well, which consists of 587 packages
    python tests/clients/run.py --install    only install

`make test-clients ARGS=...` does the same.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # started as a script: find the package from the root of the checkout
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from tests.clients.installing import RENOVATE_VARIABLE, VARIABLE, clients_folder, install
from tests.services.processes import ServiceError
from tests.services.run import run_command, services
from tests.services.servers import ROOT

PROCESSES = ("-n", "2")  # each one has a hub of its own


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--install", action="store_true")
    parser.add_argument("--renovate", action="store_true")
    options, rest = parser.parse_known_args(arguments)
    folder = clients_folder()
    try:
        install(folder, with_renovate=options.renovate)
        return 0 if options.install else run_tests(folder, rest, with_renovate=options.renovate)
    except ServiceError as reason:
        print(reason, file=sys.stderr)
        return 1


def run_tests(folder: Path, arguments: Sequence[str], *, with_renovate: bool) -> int:
    os.chdir(ROOT)
    with services("s3") as environment:
        environment |= {VARIABLE: str(folder)} | ({RENOVATE_VARIABLE: "1"} if with_renovate else {})
        return run_command([sys.executable, "-m", "pytest", *PROCESSES, *paths_of(arguments)], environment)


def paths_of(arguments: Sequence[str]) -> list[str]:
    has_path = any(item.startswith("tests/") for item in arguments)
    return list(arguments) if has_path else ["tests/clients", *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
