"""A request that names a hidden row gets the answer for a row that does not exist, whatever else is wrong with it."""

from __future__ import annotations

from typing import Any

import pytest

from downloads.models import Download
from files.models import File
from tests.api.described import operations, real_parameters
from tests.conftest import ApiClient, begin_with
from tests.factories import make_file, make_key
from tests.undoing import undone

WRITES = ("post", "put", "patch")


def build() -> tuple[File, str]:
    return make_file(), make_key()


pytestmark = [pytest.mark.django_db, begin_with(build)]


def without_rows(path: str, parameters: dict[str, Any]) -> str:
    """Return the URL with ids of the same form that no row has."""
    return path.format(**{name: missing(value) for name, value in parameters.items()})


def missing(value: Any) -> str:
    text = str(value)
    return str(int(text) + 10**6) if text.isdigit() else text[:-3] + ("xxx" if text.endswith("zzz") else "zzz")


def test_an_empty_request_does_not_tell_that_a_hidden_row_exists(world: Any) -> None:
    """The errors of the body would tell it if they came before the right to see the row."""
    file, key = world
    client, refused = ApiClient(key), 0
    for verb, path in operations():
        if verb not in WRITES or "{" not in path or "categories" in path:
            continue
        with undone():
            parameters = real_parameters(file, f"{verb.upper()} {path}")
            if not parameters:
                continue  # the keys of the caller, which nobody else sees
            Download.objects.filter(pk=file.version.download_id).update(visibility="private")
            hidden = client.send(verb, path.format(**parameters))
            if hidden.status_code == 404:
                refused += 1
            else:
                absent = client.send(verb, without_rows(path, parameters))
                assert (hidden.status_code, hidden.content) == (absent.status_code, absent.content), path
    assert refused > 40
