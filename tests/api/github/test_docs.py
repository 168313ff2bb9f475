"""The commands in the documentation of the dialect run, and the tests that it names exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.documented import DOCS, needs_commands, run_commands
from tests.factories import make_download, make_key, make_user
from versions.models import Version

FOLDER = Path(__file__).parent
PAGE = (DOCS / "api/github.md").read_text(encoding="utf-8")


@needs_commands
@pytest.mark.django_db(transaction=True)
def test_commands_of_the_page_work(live_server: Any, tmp_path: Path) -> None:
    owner = make_user("ada")
    make_download(owner, slug="importer")
    (tmp_path / "importer.bin").write_bytes(b"the importer")
    out = run_commands("api/github.md", tmp_path, HUB=live_server.url, REPO="ada/importer", KEY=make_key(owner))
    assert f"{live_server.url}/ada/importer/releases/download/v1.4.0/importer-linux-x64.bin" in out
    assert (tmp_path / "fetched.bin").read_bytes() == b"the importer"
    assert Version.objects.get().is_released


def test_tests_named_on_the_page_exist() -> None:
    named = re.findall(r"`([\w/]*test_\w+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 70
    missing = [name for file, name in named if f"def {name}(" not in path_of(file).read_text(encoding="utf-8")]
    assert missing == []


def path_of(file: str) -> Path:
    """Return the file of a test that the page names: in this folder, or from `tests` on."""
    return FOLDER.parents[1] / file if "/" in file else FOLDER / file
