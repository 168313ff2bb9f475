"""Writes with one invalid field, or with a body that is invalid as a whole, are rejected and change nothing.

Every write operation of the schema is tried, so a new one is covered without being listed here.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.test import Client

from downloads.models import Download
from files.models import File
from releasehub.outbound import lookup
from releasehub.webhooks.models import Endpoint
from tests.api.described import multipart, operations, real_parameters, sample_body
from tests.conftest import begin_with
from tests.factories import make_file, make_key
from tests.undoing import undone
from versions.models import Version

WRITES = [(verb, path) for verb, path in operations() if verb in {"post", "put", "patch", "delete"}]
GROUPS = ("/api/mc-dm-", "/v3/", "/version", "/api/entities", "/api/organizations", "/api/")
DEEP = json.loads("[" * 300 + "]" * 300)
MUTANTS: tuple[Any, ...] = (
    None, True, 5, -1, 2**63, 2**64 - 1, 10**400, 1.5, "", "9" * 5_000, "a\x00b", "\ud800", "0000-01-01",
    [], [None], ["linux", 5], [["a"]], {}, {"a": None}, [{"a\x00": 1}], {"type": 5}, DEEP,
)  # fmt: skip
RAW_BODIES = (
    b"", b"null", b"5", b'"x"', b"[]", b"[{}]", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 2_000, b"NaN",
    b'{"a": 1e999999}', b'{"a": ' + b"9" * 5_000 + b"}", b'{"title": "a", "title": null}', b'{"a\\u0000": 1}',
    b'{"title": "\\ud800"}', b'{"title": "\xed\xa0\x80"}',
)  # fmt: skip
FORM_TEXTS = ("9" * 5_000, "a\x00b", "{", '{"a": [null, 5]}', "[" * 2_000, '["a", 5]', "\ufffe")
# A body that is invalid as a whole is refused before any query, so one for each operation is enough on PostgreSQL.
WHOLE_BODIES = 1 if connection.vendor == "postgresql" else 3
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
TYPES = (JSON, FORM, "text/plain", "multipart/form-data", "multipart/form-data; boundary=b", "nonsense")
BOUNDARY = "multipart/form-data; boundary=b"


def broken_bodies(valid: dict[str, Any], turn: int) -> list[tuple[str, bytes]]:
    """Return pairs of content type and body. Each operation takes other ones, so that together they take all.

    An operation without members gets only bodies that are broken as a whole.
    """
    names = list(valid)
    mutants, texts = (rotated(values, 5 * turn) for values in (MUTANTS, FORM_TEXTS))
    bodies = [(JSON, json.dumps(valid | {name: next(mutants)}).encode()) for name in names]
    for name in names[turn % 2 :: 2]:
        others = [(key, str(value)) for key, value in valid.items() if key != name]
        bodies.append((FORM, urlencode([*others, (name, "a"), (name, next(texts))]).encode()))
    forms = [
        multipart(*((name, None, "a") for name in names), ("file", "a.bin", "x"), ("file", "b.bin", "y")),
        multipart(("file", "a\x00b.bin", "x")),
        multipart((names[0] if names else "title", "a.bin", "x")),
        multipart(*((name, None, "a\x00b") for name in names)),
        multipart(("file", None, "a"), *((name, None, "a") for name in names)),
    ]
    raw = [(JSON, body) for body in RAW_BODIES] + [(content_type, b"title=%FF%00") for content_type in TYPES]
    whole = rotated([*raw, *((BOUNDARY, form) for form in forms)], 7 * turn)
    return bodies + [next(whole) for _ in range(WHOLE_BODIES)]


def rotated(values: Sequence[Any], start: int) -> Iterator[Any]:
    return islice(cycle(values), start % len(values), None)


def state() -> list[Any]:
    """Return all rows. Plain SQL takes a tenth of the time of query sets."""
    found = []
    with connection.cursor() as cursor:
        for model in (Download, Version, File, Endpoint):
            cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY id")  # noqa: S608 - names of models
            found.append(cursor.fetchall())
    return found


@pytest.fixture(autouse=True)
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolve no host name."""
    monkeypatch.setattr(lookup, "_look_up", lambda host, port, put: put(None))


def build() -> tuple[File, str]:
    file = make_file()
    return file, make_key(file.version.download.owner)


pytestmark = [pytest.mark.django_db, begin_with(build)]


@pytest.mark.parametrize("group", GROUPS)
def test_broken_bodies_are_refused_without_a_server_error(world: tuple[File, str], group: str) -> None:
    """Undo a successful write, so that every body meets the same rows."""
    found = set()
    file, key = world
    client = Client(raise_request_exception=False, headers={"XF-Api-Key": key})
    for turn, (verb, path) in enumerate(WRITES):
        if next(prefix for prefix in (*GROUPS, "") if path.startswith(prefix)) != group:
            continue
        with undone():
            address = path.format_map(Known(real_parameters(copy.deepcopy(file), f"{verb.upper()} {path}")))
            found |= set(failures_of(client, verb, path, address, turn))
    assert found == set()


def failures_of(client: Client, verb: str, path: str, address: str, turn: int) -> Iterator[str]:
    before = state()
    for content_type, body in broken_bodies(sample_body(verb, path), turn):
        sent = transaction.savepoint()
        response = client.generic(verb.upper(), address, body, content_type=content_type)
        if response.status_code >= 500:
            yield f"{response.status_code} {verb} {path} {content_type} {body[-100:]!r}"
        if response.status_code < 400 or response.status_code >= 500:
            transaction.savepoint_rollback(sent)
        else:
            transaction.savepoint_commit(sent)
            if not response.headers.get("Content-Type", "").startswith(JSON):
                yield f"no envelope: {verb} {path} {content_type} {body[-100:]!r}"
    if state() != before:
        yield f"changed by a refused request: {verb} {path}"


class Known(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "1"
