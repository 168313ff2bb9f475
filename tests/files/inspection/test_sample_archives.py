"""Archives that real tools wrote, and hostile ones. The folder is the verdict, the name begins with the code.

`tests/data/archives/build.py` says how each of them was made.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from files.inspection.archives import inspect_archive
from tests.data.archives import build

pytestmark = pytest.mark.embedded

SAMPLES = sorted(build.HERE.glob("[!_]*/*.*"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_verdict_and_code_of_a_sample(path: Path) -> None:
    with path.open("rb") as handle:
        found = inspect_archive(handle, path.name)
    reasons = [finding for finding in found if not finding.is_warning]
    assert ("reject" if reasons else "warn" if found else "accept") == path.parent.name, found
    code, separator, _ = path.name.partition("~")
    assert {finding.code for finding in reasons or found} == ({f"archive.{code}"} if separator else set())


def test_every_sample_has_a_recipe_and_is_small() -> None:
    names = {f"{path.parent.name}/{path.name}" for path in SAMPLES}
    assert names == build.TOOLS.keys() | build.RECIPES.keys()
    assert max(path.stat().st_size for path in SAMPLES) <= build.MAX_BYTES
    assert {path.parent.name for path in SAMPLES} == {"accept", "warn", "reject"}
