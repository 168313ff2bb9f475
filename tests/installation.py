"""Check that the installation commands accept each lock with an old and with a new pip, from an empty cache.

`python tests/installation.py` downloads every package twice, so only .ci/run calls it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PIPS = ("pip==23.2", "pip==26.3")
LOCKS = ("requirements.txt", "requirements-dev.txt", "requirements-s3.txt")
QUIET = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-cache-dir")


def main() -> None:
    for pip in PIPS:
        with tempfile.TemporaryDirectory() as folder:
            venv.create(folder, with_pip=True)
            command = [f"{folder}/bin/python", "-m", "pip", "install", *QUIET]
            subprocess.run([*command, "--upgrade", pip], check=True)
            for lock in LOCKS:
                print(f"{pip}: {lock}", flush=True)
                exact = [*command, "--dry-run", "--no-deps", "--require-hashes", "--requirement", str(ROOT / lock)]
                subprocess.run(exact, check=True)


if __name__ == "__main__":
    sys.exit(main())
