"""The commands in the documentation of update checks and access keys work unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from downloads.models import AccessKey
from tests.documented import needs_commands, run_commands
from tests.factories import make_download, make_file, make_key, make_version


@needs_commands
@pytest.mark.django_db(transaction=True)
def test_documented_update_commands_work(live_server: Any, tmp_path: Path) -> None:
    download = make_download(title="Aurora")
    make_file(make_version(download, "1.5.0"), platform="linux", architecture="x64")
    names = {"KEY": make_key(download.owner), "DOWNLOAD": str(download.pk)}
    said = run_commands("api/updates.md", tmp_path, HUB=live_server.url, **names)
    assert '"update_available":true' in said
    assert AccessKey.objects.get().highest_number == "2"


@needs_commands
@pytest.mark.django_db(transaction=True)
def test_documented_whoami_command_works(live_server: Any, tmp_path: Path) -> None:
    said = run_commands("api/whoami.md", tmp_path, HUB=live_server.url, KEY=make_key())
    assert '"name":"test key"' in said
