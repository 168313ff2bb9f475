"""The commands in the documentation run, and its table has every endpoint of the contract."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from releasehub.webhooks.models import Delivery, Endpoint
from releasehub.webhooks.signing import plain_signature
from tests.documented import DOCS, needs_commands, run_commands
from tests.factories import make_download, make_user
from versions.models import Version

TEXT = (DOCS / "api/v3.md").read_text(encoding="utf-8")
RECEIVER = "https://93.184.215.14/hook"  # only validated, never connected to


@needs_commands
@pytest.mark.django_db(transaction=True)
def test_documented_commands_publish_and_fetch_a_release(live_server: Any, tmp_path: Path) -> None:
    make_download(make_user("ann"))
    (tmp_path / "tool.bin").write_bytes(b"the tool")
    names = {"HUB": live_server.url, "NAME": "ann", "PASSWORD": "secret-pass-1", "RECEIVER": RECEIVER}
    run_commands("api/v3.md", tmp_path, **names)
    assert (tmp_path / "fetched.bin").read_bytes() == b"the tool"
    assert Version.objects.get().is_released
    assert (Endpoint.objects.get().format, Delivery.objects.latest("id").event.type) == ("v3", "endpoint.test")


def test_documented_receiver_accepts_signed_requests_only() -> None:
    found = re.search(r"```python\n(.*?)```", TEXT, re.DOTALL)
    assert found is not None
    names: dict[str, Any] = {}
    exec(found[1], names)  # noqa: S102 - our own documentation
    signature = plain_signature("a-secret-of-mine", b"{}")
    assert names["is_from_the_hub"]("a-secret-of-mine", signature, b"{}")
    assert not names["is_from_the_hub"]("a-secret-of-mine", signature, b"{} ")
    assert not names["is_from_the_hub"]("another-secret", signature, b"{}")


def test_every_endpoint_of_the_contract_is_in_the_table() -> None:
    rows = {int(number) for number in re.findall(r"^\| C(\d+) \|", TEXT, re.MULTILINE)}
    assert rows >= {*range(1, 15), 16, 17, 18, 19, 20, 21}
