"""The shell commands of a page of the documentation, run as they stand there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"
needs_commands = pytest.mark.skipif(
    not (shutil.which("curl") and shutil.which("jq")), reason="The documented commands need curl and jq."
)


def run_commands(page: str, folder: Path, **names: str) -> str:
    """Run all commands of the page in one shell and return their output.

    `names` has the variables that the page uses.
    """
    done = subprocess.run(
        ["bash", "-c", commands_of(page)],
        env=names | {"PATH": os.environ["PATH"]},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commands_of(page: str) -> str:
    """Return all commands of the page as one script that stops at the first error."""
    blocks = re.findall(r"```sh\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks, page
    return "set -euo pipefail\n" + "\n".join(blocks)


def files_of(page: str) -> dict[str, str]:
    """Return the files that the page shows in full. Their names follow the language of the block."""
    blocks = re.findall(r"```\w+ (\S+)\n(.*?)```", (DOCS / page).read_text(encoding="utf-8"), re.DOTALL)
    return dict(blocks)
