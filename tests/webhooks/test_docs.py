"""Tests that the code and the commands in the documentation work."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from releasehub.webhooks import signing
from releasehub.webhooks.models import Endpoint
from tests.documented import DOCS, needs_commands, run_commands
from tests.factories import make_download, make_key

PAGE = DOCS / "webhooks.md"


def test_documented_receiver_accepts_only_valid_signatures() -> None:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)  # noqa: S102 - our own documentation
    old, new, body = signing.new_secret(), signing.new_secret(), b'{"type":"version.published"}'
    signature = signing.standard_signature([new, old], "msg_1", 1_700_000_000, body)
    headers = {"webhook-id": "msg_1", "webhook-timestamp": "1700000000", "webhook-signature": signature}
    is_ours = names["is_from_the_hub"]
    assert is_ours(old, headers, body)
    assert is_ours(new, headers, body)
    assert not is_ours(new, headers, body + b" ")
    assert not is_ours(new, headers | {"webhook-timestamp": "1700000001"}, body)
    assert not is_ours(signing.new_secret(), headers, body)


@needs_commands
@pytest.mark.django_db(transaction=True)
def test_documented_commands_work(live_server: Any, receiver: Any, tmp_path: Path) -> None:
    download, server = make_download(), receiver()
    names = {"KEY": make_key(download.owner), "DOWNLOAD": str(download.pk), "RECEIVER": f"{server.url}/hook"}
    said = run_commands("webhooks.md", tmp_path, HUB=live_server.url, **names)
    assert said.count('"secret":"whsec_') == 1  # the one of the rotation; the pipe drops the first one
    assert not Endpoint.objects.exists()
