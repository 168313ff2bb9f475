"""Send requests generated from the schema with every kind of key; no answer may be a 5xx or missing from the schema.

`FUZZ_EXAMPLES` (2) is the number of requests generated for each operation; the first is always the simplest one.
Every one of them is sent with the key of a super-user, for which nothing but the request itself is refused, and before
that with one of the other kinds of key, except on PostgreSQL, where only values can differ. `breaking.py` makes broken
copies of each.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest
import schemathesis
from django.db import connection
from hypothesis import HealthCheck, given, note, settings
from hypothesis.strategies import sampled_from
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from files.models import File
from releasehub.accounts.models import User
from releasehub.apikeys.scopes import Scope
from releasehub.outbound import lookup
from releasehub.server.wsgi import application
from tests.api.breaking import with_broken_ones
from tests.api.described import document, real_parameters, with_accepted_types
from tests.api.described import operations as described
from tests.conftest import begin_with
from tests.factories import make_file, make_key, make_user

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "2"))
KEYS: dict[str, Callable[[User], str]] = {
    "owner": make_key,
    "read only": lambda owner: make_key(scopes=[Scope.DOWNLOAD_READ, Scope.CATEGORY_READ]),
    "none": lambda owner: "",
    "super-user": lambda owner: make_key(make_user(is_superuser=True), is_super_user=True),
}
SUPER_USER = "super-user"
OTHERS = [[]] if connection.vendor == "postgresql" else [[kind] for kind in KEYS if kind != SUPER_USER]


def no_undocumented_body(context: Any, response: Any, case: Any) -> None:
    """Fail if the schema has no body for the status and the response has one; a client could not read it."""
    answers = document()["paths"][case.operation.path][case.operation.method]["responses"]
    described = answers.get(str(response.status_code), {"content": {}})
    assert "content" in described or not response.content, (response.status_code, response.content[:200])


CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    no_undocumented_body,
]


def build() -> tuple[File, dict[str, str]]:
    file = make_file()
    return file, {kind: make(file.version.download.owner) for kind, make in KEYS.items()}


pytestmark = [pytest.mark.django_db, begin_with(build)]


def served(environ: Any, start_response: Any) -> Any:
    """Run the application as a server does: read the response to its end, and close it."""
    answer: Any = application(environ, start_response)
    with closing(answer):
        return [b"".join(answer)]


@pytest.fixture(autouse=True)
def no_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolve no generated host name."""
    monkeypatch.setattr(lookup, "_look_up", lambda host, port, put: put(None))


@pytest.fixture(scope="module")
def operations() -> dict[str, Any]:
    schema = schemathesis.openapi.from_dict(with_accepted_types())
    schema.app = served
    schema.config.generation.update(with_security_parameters=False)  # a second key, for which all would be refused
    return {found.ok().label: found.ok() for found in schema.get_all_operations()}


@pytest.mark.parametrize("name", [f"{verb.upper()} {path}" for verb, path in described()])
def test_generated_requests_get_documented_responses(operations: dict[str, Any], world: Any, name: str) -> None:
    """The simplest request and half of the others name rows that exist, because generated ids match nothing."""
    file, keys = world
    known = real_parameters(file, name)

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        requests=with_broken_ones(operations[name].as_strategy()),
        is_there=sampled_from([True, False]),
        other=sampled_from(OTHERS),
    )
    def sent(requests: tuple[Any, list[Any]], is_there: bool, other: list[str]) -> None:
        case, broken = requests
        for item, kinds in ((case, other), *((item, []) for item in broken)):
            if is_there:
                item.path_parameters |= {key: value for key, value in known.items() if key in item.path_parameters}
            for kind in [*kinds, SUPER_USER]:
                note(f"with the key: {kind}")
                headers = {"Host": "testserver"} | ({"XF-Api-Key": keys[kind]} if keys[kind] else {})
                item.validate_response(item.call(headers=headers), checks=CHECKS)

    sent()
