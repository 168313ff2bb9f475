"""The commands in the documentation of the dialect run, and the tests that it names exist."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import pytest

from tests.documented import DOCS, needs_commands, run_commands
from tests.factories import make_download, make_key, make_loose_upload, make_user
from versions.models import Version

FOLDER = Path(__file__).parent
PAGE = (DOCS / "api/engine.md").read_text(encoding="utf-8")


@needs_commands
@pytest.mark.django_db(transaction=True)
def test_commands_of_the_page_work(live_server: Any, tmp_path: Path) -> None:
    owner = make_user()
    make_download(owner)
    upload = make_loose_upload(owner, content=b"engine")
    known = {
        "HUB": live_server.url,
        "KEY": make_key(owner),
        "UPLOAD": upload.public_id,
        "SHA512": hashlib.sha512(b"engine").hexdigest(),
    }
    run_commands("api/engine.md", tmp_path, **known)
    version = Version.all_objects.get()
    assert (version.changelog, version.delete_reason) == ("Faster imports.", "obsolete")


def test_tests_named_on_the_page_exist() -> None:
    named = re.findall(r"`(test_\w+\.py)::(test_\w+)`", PAGE)
    assert len(named) > 15
    missing = [name for file, name in named if f"def {name}(" not in (FOLDER / file).read_text(encoding="utf-8")]
    assert missing == []
