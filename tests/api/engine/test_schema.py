"""Every kind of response matches the schema, for every operation."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import URLPattern

from releasehub.api.engine.urls import urlpatterns
from tests.api.described import check, document, operations
from tests.api.engine.conftest import Engine
from tests.api.engine.test_create import refused
from tests.conftest import ApiClient, begin_with, for_each
from tests.factories import make_key

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
OPERATIONS = operations("/version")
SEARCHES = [("post", "/version_file/{hash}/update"), ("post", "/version_files")]
READS = [operation for operation in OPERATIONS if operation[0] == "get" or operation in SEARCHES]
WRITES = [operation for operation in OPERATIONS if operation not in READS]


def perform(engine: Engine, verb: str, path: str, client: ApiClient | None = None) -> Any:
    file = engine.file("0.9.0", content=b"engine")
    assert file.blob is not None
    url = path.replace("{id}", file.version.public_id).replace("{hash}", file.blob.sha512)
    who = client or engine.client
    if verb == "get":
        query = {"/versions": f"?ids={file.version.public_id}", "/version_files": f"?hashes={file.blob.sha512}"}
        return who.get(url + query.get(path, ""))
    return who.send(verb, url, {"hashes": [file.blob.sha512]} if path == "/version_files" else engine.body())


def test_operations_match_the_contract() -> None:
    assert OPERATIONS == [
        ("delete", "/version/{id}"),
        ("delete", "/version_file/{hash}"),
        ("get", "/version"),
        ("get", "/version/latest"),
        ("get", "/version/{id}"),
        ("get", "/version_file/{hash}"),
        ("get", "/version_files"),
        ("get", "/versions"),
        ("patch", "/version/{id}"),
        ("post", "/version"),
        ("post", "/version/{id}/file"),
        ("post", "/version_file/{hash}/update"),
        ("post", "/version_files"),
    ]


def test_every_route_is_in_the_schema() -> None:
    routes = [str(item.pattern) for item in urlpatterns[:-1] if isinstance(item, URLPattern)]
    known = {path for _, path in OPERATIONS}
    assert {"/" + route.replace("<str:", "{").replace(">", "}") for route in routes} == known


@for_each(OPERATIONS, begin=Engine)
def test_successful_responses_match_the_schema(engine: Engine, verb: str, path: str) -> None:
    answer = perform(engine, verb, path)
    assert answer.status_code == (204 if verb == "delete" else 200), answer.content
    check(path, verb, answer)


@for_each(READS, begin=Engine)
def test_anonymous_users_can_read(engine: Engine, verb: str, path: str) -> None:
    answer = perform(engine, verb, path, ApiClient())
    assert answer.status_code == 200
    check(path, verb, answer)


@for_each(WRITES, begin=Engine)
def test_anonymous_users_cannot_write(engine: Engine, verb: str, path: str) -> None:
    answer = perform(engine, verb, path, ApiClient())
    refused(answer, 401, "unauthorized")
    check(path, verb, answer)


@for_each(OPERATIONS, begin=Engine)
def test_response_to_an_invalid_key_matches_the_schema(engine: Engine, verb: str, path: str) -> None:
    answer = perform(engine, verb, path, ApiClient("rh_wrong"))
    refused(answer, 401, "unauthorized")
    check(path, verb, answer)


@for_each(OPERATIONS, begin=Engine)
def test_missing_scope_is_403_and_changes_nothing(engine: Engine, verb: str, path: str) -> None:
    answer = perform(engine, verb, path, ApiClient(make_key(engine.owner, scopes=["release:write"])))
    refused(answer, 403, "forbidden")
    check(path, verb, answer)


@for_each(WRITES, begin=Engine)
def test_writing_with_read_access_only_is_403(engine: Engine, verb: str, path: str) -> None:
    body = {"data": {"name": "X"}}
    if verb == "post":
        body = engine.body(status="draft", files=[])
    file = engine.file(content=b"engine")
    url = path.replace("{id}", file.version.public_id).replace("{hash}", file.blob.sha512)  # type: ignore[union-attr]
    answer = ApiClient(make_key()).send(verb, url, body)
    refused(answer, 403, "forbidden")
    check(path, verb, answer)


def test_scheme_is_the_raw_key() -> None:
    paths = document()["paths"]
    assert paths["/version"]["post"]["security"] == [{"rawKey": []}]
    assert paths["/versions"]["get"]["security"] == [{"rawKey": []}, {}]
    scheme = document()["components"]["securitySchemes"]["rawKey"]
    assert (scheme["type"], scheme["in"], scheme["name"]) == ("apiKey", "header", "Authorization")


@begin_with(Engine)
def test_unexpected_errors_have_the_envelope_and_no_detail(world: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("the inner secret")

    monkeypatch.setattr("releasehub.api.engine.version_viewsets.create_with_files", fail)
    answer = world.post()
    refused(answer, 500, "unexpected")
    assert b"secret" not in answer.content
    assert answer["X-Request-Id"]
