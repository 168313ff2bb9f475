"""A member that is null counts as left out, in every write operation of the schema."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.test import Client, override_settings

from files.models import File
from releasehub.accounts.models import User
from releasehub.api.common.schema import NULL_IS_OMITTED
from releasehub.apikeys.tokens import issue_token
from releasehub.outbound import lookup
from tests.api.described import document, operations, real_parameters, sample
from tests.conftest import Ready, begin_with
from tests.factories import make_file
from tests.undoing import undone

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
WRITES = [(verb, path) for verb, path in operations() if verb in {"post", "put", "patch", "delete"}]
DIALECTS = {"/api/mc-dm-": "mc_dm", "/v3/": "v3", "/version": "engine", "/api/entities": "entity", "/api/org": "entity"}
HOOK = "https://93.184.215.14/hook"  # only validated, never connected to
PAGE = "https://github.com/a/b/releases/tag/1"


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema["allOf"][0] if "allOf" in schema and len(schema["allOf"]) == 1 else schema


def body_schema(verb: str, path: str) -> dict[str, Any] | None:
    """Return the schema of the JSON body; of the engine dialect that of `data`, which the caller has to wrap."""
    content = document()["paths"][path][verb].get("requestBody", {}).get("content", {})
    found = next((resolved(kind["schema"]) for name, kind in content.items() if name.endswith("/json")), None)
    return resolved(found["properties"]["data"]) if found and "data" in found["properties"] else found


def required_members(verb: str, path: str, file: File) -> dict[str, Any]:
    """Return a body that the operation accepts, without anything that may be left out."""
    version, download = file.version, file.version.download
    is_entity = path.startswith("/api/entities")
    values = {
        "download_id": download.pk,
        "version_id": version.pk,
        "category_id": download.category_id,
        "productId": download.public_id,
        "releaseId": version.public_id,
        "entityId": download.public_id,
        "versionId": version.public_id,
        "version": "2026.01.31-120000" if is_entity else "9.9",
        "version_string": "9.9",
        "version_number": "9.9",
        "source_hash": "a" * 40,
        "github_release_url": PAGE,
        "url": HOOK,
        "events": ["release.created"],
        "scopes": ["release:read"],
        "role_id": "member",
        "provider": "platform",
        "parts": [{"number": 1, "md5": None}],
    }
    schema = body_schema(verb, path) or {}
    members = {name: values.get(name, sample(schema["properties"][name])) for name in schema.get("required", [])}
    # One of its optional members is required, but not which.
    return members | ({"external_url": HOOK} if (verb, path) == ("post", "/api/mc-dm-files/") else {})


def optional_members(verb: str, path: str) -> list[str]:
    """Return the members that may be left out, except those for which the contract gives null a meaning."""
    members = (body_schema(verb, path) or {}).get("properties", {})
    return [name for name, part in members.items() if part.get(NULL_IS_OMITTED)]


def test_the_schema_allows_null_where_the_hub_does() -> None:
    """Every optional member is nullable: those that mean something by null are so in their serializer."""
    refused = []
    for verb, path in WRITES:
        schema = body_schema(verb, path) or {}
        for name, part in schema.get("properties", {}).items():
            is_nullable = '"null"' in json.dumps(part) or '"null"' in json.dumps(resolved(part))
            if is_nullable == (name in schema.get("required", [])):
                refused.append((verb, path, name))
    assert refused == []


def flat(value: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every value inside a JSON value with its path."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        yield from flat(item, f"{path}.{name}")
    if not inner:
        yield path, value


@pytest.fixture(autouse=True)
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookup, "_look_up", lambda host, port, put: put(None))


def build() -> File:
    file = make_file()
    User.objects.filter(pk=file.version.download.owner_id).update(is_superuser=True)
    return file


@begin_with(build)
def test_null_counts_as_left_out(ready: Ready) -> None:
    succeeded: Counter[str] = Counter()
    for verb, path in WRITES:
        if names := optional_members(verb, path):
            with undone():
                status = check_operation(ready.take(), verb, path, names)
            if status < 300:
                succeeded[next((name for prefix, name in DIALECTS.items() if path.startswith(prefix)), "native")] += 1
    for dialect, least in {"mc_dm": 12, "v3": 12, "engine": 1, "entity": 5, "native": 2}.items():
        assert succeeded[dialect] >= least, dialect


def check_operation(file: File, verb: str, path: str, names: list[str]) -> int:
    """Send the shortest body twice, with every optional member set to null between them; return the status."""
    owner: User = file.version.download.owner
    # Personal access tokens are managed with the token of a sign-in only.
    client = Client(headers={"Authorization": f"Bearer {issue_token(owner)}"}, raise_request_exception=False)
    url = path.format_map(Known(real_parameters(file, f"{verb.upper()} {path}")))
    members = required_members(verb, path, file)

    @override_settings(ENGINE_DOWNLOAD=file.version.download.slug)
    def answer(body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        whole = {"data": body} if path.startswith("/version") else body
        sent = transaction.savepoint()
        response = client.generic(verb.upper(), url, json.dumps(whole), content_type="application/json")
        transaction.savepoint_rollback(sent)
        return response.status_code, dict(flat(response.json() if response.content else {}))

    first, with_nulls, second = (answer(body) for body in (members, dict.fromkeys(names) | members, members))
    assert with_nulls[0] == first[0], f"{verb} {path} {first} {with_nulls}"
    assert with_nulls[1].keys() == first[1].keys(), f"{verb} {path}"
    for name, value in first[1].items():
        if second[1][name] == value:  # it is neither random nor a time that has passed meanwhile
            assert with_nulls[1][name] == value, f"{verb} {path} {name}"
    return first[0]


class Known(dict[str, Any]):
    def __missing__(self, name: str) -> str:
        return "1"
