"""Install the client programs, and run the tests that start them, next to an S3 server of their own.

    python tests/clients/run.py              all tests of tests/clients
    python tests/clients/run.py -k gh -n 0   arguments of pytest
    python tests/clients/run.py --install    only install

`make test-clients ARGS=...` does the same.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

if not __package__:  # started as a script: find the package from the root of the checkout
    sys.path[0] = str(Path(__file__).resolve().parent.parent.parent)

from tests.clients.installing import VARIABLE, clients_folder, install
from tests.services.processes import ServiceError
from tests.services.run import run_command, services
from tests.services.servers import ROOT

PROCESSES = ("-n", "2")  # each one has a hub of its own


def main(arguments: Sequence[str]) -> int:
    folder = clients_folder()
    try:
        install(folder)
        if "--install" in arguments:
            return 0
        os.chdir(ROOT)
        with services("s3") as environment:
            command = [sys.executable, "-m", "pytest", *PROCESSES, *paths_of(arguments)]
            return run_command(command, {**environment, VARIABLE: str(folder)})
    except ServiceError as reason:
        print(reason, file=sys.stderr)
        return 1


def paths_of(arguments: Sequence[str]) -> list[str]:
    has_path = any(item.startswith("tests/") for item in arguments)
    return list(arguments) if has_path else ["tests/clients", *arguments]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
