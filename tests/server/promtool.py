"""Run Prometheus' own tool on alert rules and expressions."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

needs_promtool = pytest.mark.skipif(not shutil.which("promtool"), reason="promtool of Prometheus is not installed.")


def promtool(*arguments: object) -> str:
    """Run promtool, which has to succeed, and return its output."""
    command = ["promtool", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def checked(expressions: list[str], folder: Path) -> str:
    """Let promtool parse the expressions as rules. A file of rules may be JSON, which is YAML, too."""
    rules: list[dict[str, Any]] = [
        {"record": f"checked:{number}", "expr": text} for number, text in enumerate(expressions)
    ]
    file = folder / "rules.json"
    file.write_text(json.dumps({"groups": [{"name": "checked", "rules": rules}]}))
    return promtool("check", "rules", file)
