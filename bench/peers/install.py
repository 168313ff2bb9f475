"""The other products, in an environment of their own that `make clean` removes."""

import fcntl
import subprocess
import sys
from pathlib import Path

from tests.services.processes import run_step
from tests.services.servers import ROOT

PEERS_ENVIRONMENT = ROOT / ".peers"
LOCK = Path(__file__).with_name("requirements.txt")


def install_peers(log: Path) -> None:
    """Install the locked products, unless the lock is the one that was installed last.

    Raises:
        ServiceError: The installation failed, for example because no package index can be reached.
    """
    stamp = PEERS_ENVIRONMENT / ".stamp"
    with LOCK.open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two runs at once would install into the same place
        wanted = lock.read()
        if stamp.exists() and stamp.read_text() == wanted:
            return
        print("Installing pulpcore and devpi-server into .peers ...", flush=True)
        run_step("python -m venv", [sys.executable, "-m", "venv", "--clear", PEERS_ENVIRONMENT], log=log)
        pip = [PEERS_ENVIRONMENT / "bin" / "pip", "install", "--disable-pip-version-check", "--no-input", "--no-deps"]
        run_step("pip install", [*pip, "--require-hashes", "--requirement", LOCK], log=log)
        stamp.write_text(wanted)


def version_of(package: str) -> str:
    """Return the version of an installed product."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    command = [str(PEERS_ENVIRONMENT / "bin" / "python"), "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
