"""Check the documented installations with an old and with a new pip, from an empty cache.

Each lock is accepted with its hashes, and the command line runs from an environment of its own that has nothing of the
hub. `python tests/installation.py` downloads every package twice, so only .ci/run calls it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIPS = ("pip==23.2", "pip==26.3")
# The lock of the hub is a part of the one for development, see tests/test_locks.py.
LOCKS = ("requirements-dev.txt", "requirements-s3.txt")
CLI = ROOT / "cli"
QUIET = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir")


def main() -> None:
    for pip in PIPS:
        with tempfile.TemporaryDirectory() as folder:
            venv.create(folder, with_pip=True)
            programs = Path(folder) / "bin"
            install = [str(programs / "python"), "-m", "pip", "install", *QUIET]
            subprocess.run([*install, "--upgrade", pip], check=True)
            for lock in LOCKS:
                print(f"{pip}: {lock}", flush=True)
                subprocess.run([*install, "--dry-run", *locked(ROOT / lock)], check=True)
            print(f"{pip}: {CLI.name}", flush=True)
            install_cli(install, programs)


def locked(lock: Path) -> list[str]:
    return ["--no-deps", "--require-hashes", "--requirement", str(lock)]


def install_cli(install: list[str], programs: Path) -> None:
    """Install the command line and run it outside of the checkout.

    The lock has the build backend too: with build isolation pip would fetch the newest one.
    """
    subprocess.run([*install, *locked(CLI / "requirements.txt")], check=True)
    subprocess.run([*install, "--no-deps", "--no-build-isolation", str(CLI)], check=True)
    subprocess.run([*install[:3], "check", "--disable-pip-version-check"], check=True)
    for words in (["--version"], ["publish", "--help"], ["completion", "bash"]):
        shown = subprocess.run(
            [str(programs / "releasehub"), *words], cwd=programs, capture_output=True, text=True, check=True
        ).stdout
        assert "releasehub" in shown, shown
    hub = [str(programs / "python"), "-c", "import django"]
    assert subprocess.run(hub, capture_output=True, check=False).returncode != 0, "The command line installs the hub."


if __name__ == "__main__":
    sys.exit(main())
