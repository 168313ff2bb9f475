"""Two transactions race for one object and one is rolled back: what arrives is what committed, in that order."""

from __future__ import annotations

import time

from tests.faults.events import FACTS, WAITING
from tests.faults.stage import hub
from tests.faults.verdicts import Report, judge_deliveries

GAPS = """
SELECT count(*) FROM (
    SELECT sequence, row_number() OVER (PARTITION BY object_type, object_id ORDER BY id) AS place FROM webhooks_event
) AS numbered WHERE sequence <> place"""


def run(*, rounds: int, seed: int, patience: float) -> Report:
    report = Report(f"racing commits, seed {seed}")
    with hub() as on:
        on.run("-m", "tests.faults.changes", "prepare", "--downloads", 3, "--endpoint", on.receiver_url + "/a")
        with on.celery(2):
            undone = on.folder / "undone"
            command = ("race", "--rounds", rounds, "--seed", seed, "--undone", undone)
            overlaps = int(on.run("-m", "tests.faults.changes", *command).split()[-1])
            deadline = time.monotonic() + patience
            while on.count(WAITING) and time.monotonic() < deadline:
                time.sleep(0.2)
        rolled_back = len(undone.read_text().splitlines())
        report.must("rounds in which both were under way", overlaps, holds=overlaps > rounds // 2)
        report.must("changes rolled back on purpose", rolled_back, holds=rolled_back == rounds)
        committed = [(str(event), str(about), str(title)) for event, about, title in on.rows(FACTS)]
        judge_deliveries(report, committed, on.received(), ["/a"])
        gaps = on.count(GAPS)
        report.must("gaps in the numbers of an object's events", gaps, holds=gaps == 0)
    return report
