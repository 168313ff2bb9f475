"""The commands for backups in `docs/operating.md` work as documented."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documented import DOCS
from tests.hubs import ROOT, environment
from tests.operations.machines import empty_machine

pytestmark = pytest.mark.embedded


def commands_of(heading: str) -> str:
    """Return the first block of commands below the heading."""
    page = (DOCS / "operating.md").read_text(encoding="utf-8")
    chapter = page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    block = re.search(r"```sh\n(.*?)```", chapter, re.DOTALL)
    assert block, heading
    return block[1]


def test_documented_backup_comes_back_with_the_documented_command(tmp_path: Path) -> None:
    old, new = empty_machine(tmp_path / "old"), empty_machine(tmp_path / "new")
    script = [commands_of("Back up"), f"export RELEASEHUB_DATA_DIR={new}", commands_of("Restore")]
    done = subprocess.run(
        ["bash", "-c", "set -euo pipefail\n" + "\n".join(script).replace("/backups", str(tmp_path / "backups"))],
        env=environment(old, PATH=f"{Path(sys.executable).parent}:{os.environ['PATH']}"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is sound" in done.stdout
    assert "is restored" in done.stdout
