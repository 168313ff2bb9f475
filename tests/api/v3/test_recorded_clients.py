"""Requests as programs that were written for the original system send them, replayed in their order.

The files in `tests/data/clients/v3` have the requests with their exact bodies, the expected statuses, and members of
the answers. `{NAME}` stands for a value that the scene or an earlier answer (`save`) has given.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from releasehub.apikeys.tokens import issue_token
from releasehub.distribution.access_keys import issue_access_key
from tests.api.v3.shop import open_shop
from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
CLIENTS = sorted((Path(__file__).parents[2] / "data/clients/v3").glob("*.json"))


def scene(recording: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a new owner, product and access key. The product has the version that the file names."""
    shop = open_shop()
    product = make_download(shop.owner)
    shop.product.delete()
    if published := recording.get("published"):
        version = make_version(product, published["version"], platforms=published["platforms"])
        make_file(version, name=published["filename"], content=published["content"].encode())
    key = issue_access_key(actor=system(), download=product, name="customer")[1]
    return {
        "PRODUCT": product.public_id,
        "ACCOUNT": shop.owner.public_id,
        "TOKEN": issue_token(shop.owner),
        "KEY": key,
    }


def filled(value: Any, names: dict[str, Any]) -> Any:
    """Return the value with all names replaced in its texts."""
    if isinstance(value, str):
        return re.sub(r"\{([A-Z]+)\}", lambda match: str(names[match[1]]), value)
    if isinstance(value, list):
        return [filled(item, names) for item in value]
    if isinstance(value, dict):
        return {name: filled(item, names) for name, item in value.items()}
    return value


def body_of(step: dict[str, Any], names: dict[str, Any]) -> tuple[bytes, str]:
    """Return the body of a request, and the media type that only a form determines."""
    if "form" in step:
        parts = {name: SimpleUploadedFile(part[0], part[1].encode()) for name, part in step["form"].items()}
        return encode_multipart(BOUNDARY, parts), MULTIPART_CONTENT
    if "content" in step:
        return step["content"].encode(), ""
    return (b"" if step.get("body") is None else json.dumps(filled(step["body"], names)).encode()), ""


def send(step: dict[str, Any], headers: dict[str, Any], names: dict[str, Any]) -> Any:
    method, _, target = filled(step["send"], names).partition(" ")
    body, form_type = body_of(step, names)
    headers = {name: value for name, value in filled(headers, names).items() if value is not None}
    media_type = form_type or headers.pop("Content-Type", "")
    target = target.removeprefix("http://testserver")
    return ApiClient().generic(method, target, body, content_type=media_type, headers=headers)


def member(data: Any, path: str) -> Any:
    for part in filter(None, path.split(".")):
        data = data[int(part)] if isinstance(data, list) else data[part]
    return data


@pytest.mark.parametrize("path", CLIENTS, ids=lambda path: path.stem)
def test_recorded_client_gets_what_it_expects(path: Path, local_storage: Any) -> None:
    recording = json.loads(path.read_text(encoding="utf-8"))
    names = scene(recording)
    for step in recording["steps"]:
        answer = send(step, recording["headers"] | step.get("headers", {}), names)
        content = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == step["status"], (step["send"], content)
        if "text" in step:
            assert content.decode() == step["text"]
        for name, expected in step.get("members", {}).items():
            assert member(json.loads(content), name) == filled(expected, names), (step["send"], name)
        names |= {name: member(json.loads(content), source) for name, source in step.get("save", {}).items()}
    assert recording["steps"]


def test_all_clients_are_recorded() -> None:
    assert {path.stem for path in CLIENTS} == {
        "ci-matrix", "connector", "dotnet", "guides-curl", "python-generated", "updater",
    }  # fmt: skip
