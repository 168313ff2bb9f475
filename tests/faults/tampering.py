"""The owner of the tables edits, deletes, inserts, swaps and truncates rows. The first bad row is reported."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from tests.faults.stage import hub
from tests.faults.verdicts import Report
from tests.services.servers import ROOT

TESTS = "tests/audit/test_tampering.py"


def run(*, rounds: int, seed: int) -> Report:
    """The tests of the audit log on PostgreSQL, with as many tamperings and this seed."""
    report = Report(f"tampering with the audit log, seed {seed}")
    with hub() as on:
        command = [sys.executable, "-m", "pytest", "-q", "-n0", "-s", TESTS]
        extra = {"TAMPERINGS": str(rounds), "TAMPERING_SEED": str(seed), "DATABASE_URL": on.database_url}
        kept = {name: text for name, text in os.environ.items() if name != "REDIS_URL"}
        done = subprocess.run(command, env=kept | extra, cwd=ROOT, capture_output=True, text=True, check=False)
    passed = re.search(r"(\d+) passed", done.stdout)
    found = re.search(r"^tamperings found: (\d+) of (\d+)$", done.stdout, re.MULTILINE)
    report.must("tests passed", int(passed[1]) if passed else 0, holds=done.returncode == 0)
    number = int(found[1]) if found else 0
    report.must("tamperings found at their first bad row", f"{number} of {rounds}", holds=number == rounds)
    if done.returncode:
        report.say("what they said", done.stdout[-3000:] + done.stderr[-1000:])
    return report
