"""The code that receivers copy from the documentation verifies what the hub sends."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from releasehub.webhooks import signing

PAGE = Path(__file__).resolve().parents[2] / "docs/webhooks.md"


def test_documented_receiver_accepts_what_is_ours_only() -> None:
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
