"""Every response of an operation matches the schema, and every error has the format of the dialect."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest

from downloads.services import set_team_member, share_download
from releasehub.accounts.services import create_role
from releasehub.api.entity.urls import urlpatterns
from tests.api.described import check, document, operations
from tests.api.entity.world import World, acting, moment, source
from tests.conftest import ApiClient, begin_with, for_each
from tests.factories import make_key, make_user, make_version, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
OPERATIONS = operations("/api/entities", "/api/organizations")
CREATED = {
    ("post", "/api/entities"),
    ("post", "/api/entities/icon-upload-url"),
    ("post", "/api/entities/{entity_id}/versions/confirm"),
    ("post", "/api/entities/{entity_id}/publishers"),
    ("post", "/api/organizations"),
    ("post", "/api/organizations/{organization_id}/store"),
    ("post", "/api/organizations/{organization_id}/members"),
    ("post", "/api/organizations/{organization_id}/roles"),
}


class Whole(World):
    """One row of each kind that a URL can name."""

    def __init__(self) -> None:
        super().__init__()
        self.partner = make_user(email="partner@example.org")
        self.newcomer = make_user(email="newcomer@example.org")
        self.share = share_download(actor=acting(self.owner), download=self.entity, user=make_user())
        flags = {"can_edit", "can_upload", "can_manage_files", "can_manage_versions", "can_manage_team"}
        set_team_member(actor=system(), download=self.entity, user=self.partner, flags=flags)
        self.company = self.organization("owner", self.partner)
        self.role = create_role(actor=system(), organization=self.company, name="Sharer", scopes=["entities:share"])
        self.made = make_version(self.entity, moment(), files=1)

    def path(self, template: str) -> str:
        rows = {
            "entity_id": self.entity,
            "version_id": self.made,
            "share_id": self.share,
            "user_id": self.partner,
            "organization_id": self.company,
            "role_id": self.role,
        }
        return template.format(**{name: row.public_id for name, row in rows.items()})

    def perform(self, verb: str, template: str, client: ApiClient | None = None) -> Any:
        if client is None:
            self.set_up(verb, template)
        who, path = client or self.client, self.path(template)
        return (
            who.get(path) if verb == "get" else who.send(verb, path, self.body(verb, template, is_real=client is None))
        )

    def set_up(self, verb: str, template: str) -> None:
        if verb == "get" and template.endswith("/active"):
            body = {"versionId": self.made.public_id}
            assert self.client.send("put", f"{self.url}/versions/active", body).status_code == 200
        elif (verb, template) == ("post", "/api/organizations"):
            self.client = ApiClient(make_key(make_user(permissions=("add_organization",), is_staff=True)))
        elif "/store" in template and verb != "post":
            body = {"entityId": self.entity.public_id}
            assert self.client.send("post", self.path("/api/organizations/{organization_id}/store"), body)

    def body(self, verb: str, template: str, *, is_real: bool) -> dict[str, Any]:
        bodies: dict[tuple[str, str], dict[str, Any]] = {
            ("post", "/api/entities"): {"type": "app", "slug": "new", "name": "New"},
            ("post", "icon-upload-url"): {"entity_slug": "new", "ext": "png"},
            ("put", "{entity_id}"): {"name": "Other"},
            ("post", "upload-url"): {"version": moment(), "source_hash": source("new")},
            ("put", "active"): {"versionId": self.made.public_id},
            ("post", "shares"): {"emails": ["newcomer@example.org"]},
            ("post", "publishers"): {"userId": self.newcomer.public_id},
            ("post", "storage-config"): {"provider": "platform"},
            ("post", "/api/organizations"): {"name": "Northwind Tools"},
            ("post", "store"): {"entityId": self.entity.public_id},
            ("delete", "store"): {"entityId": self.entity.public_id},
            ("post", "members"): {"email": "newcomer@example.org"},
            ("put", "role"): {"role_id": self.role.public_id},
            ("post", "roles"): {"name": "New"},
            ("patch", "{role_id}"): {"name": "Other"},
        }
        if (verb, template.rpartition("/")[2]) == ("post", "confirm"):
            return self.uploaded() if is_real else {}
        return bodies.get((verb, template)) or bodies.get((verb, template.rpartition("/")[2]), {})


@for_each(OPERATIONS, begin=Whole)
def test_successful_responses_match_the_schema(world: Whole, verb: str, path: str) -> None:
    answer = world.perform(verb, path)
    expected = 204 if verb == "delete" else 201 if (verb, path) in CREATED else 200
    assert answer.status_code == expected, answer.content
    check(path, verb, answer)


@for_each(product(OPERATIONS, ["", "rh_wrong"]), begin=Whole)
def test_entity_request_without_a_key_is_401(world: Whole, operation: tuple[str, str], key: str) -> None:
    verb, path = operation
    answer = world.perform(verb, path, ApiClient(key))
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")
    check(path, verb, answer)


@for_each(OPERATIONS, begin=Whole)
def test_missing_scope_is_403_and_changes_nothing(world: Whole, verb: str, path: str) -> None:
    answer = world.perform(verb, path, ApiClient(make_key(world.owner, scopes=["webhook:read"])))
    assert (answer.status_code, answer.json()["error"]) == (403, "forbidden")
    check(path, verb, answer)


@for_each([(verb, path) for verb, path in OPERATIONS if "{" in path], begin=Whole)
def test_outsiders_find_no_private_download(world: Whole, verb: str, path: str) -> None:
    answer = world.perform(verb, path, ApiClient(make_key(make_user())))
    assert answer.status_code in {404, 400}, answer.content
    if answer.status_code == 400:
        assert "confirm" in path  # its empty body is rejected first
    check(path, verb, answer)


def test_every_route_is_in_the_schema() -> None:
    """The last route answers all requests that no other route matches."""
    routes = {route for *_, route in (str(pattern.pattern).rpartition("^") for pattern in urlpatterns[:-1])}
    paths = {path.removeprefix("/api/") for path in document()["paths"]}
    assert {_plain(route) for route in routes} == {p for p in paths if p.startswith(("entities", "organizations"))}


def _plain(route: str) -> str:
    return re.sub(r"\(\?P<(\w+)>[^)]*\)", r"{\1}", route).removesuffix("$")


@pytest.mark.parametrize(
    ("verb", "path", "status", "code"),
    [
        ("get", "/api/entities/UPPER", 404, "not_found"),
        ("get", "/api/entities/a%00b", 404, "not_found"),
        ("get", "/api/entities/x/y/z", 404, "not_found"),
        ("get", "/api/organizations/x/nothing", 404, "not_found"),
        ("get", "/api/deploys", 404, "not_found"),
        ("post", "/api/deploys/x/cancel", 404, "not_found"),
        ("post", "/api/deploy", 404, "not_found"),
        ("get", "/api/production-apps/x", 404, "not_found"),
        ("patch", "/api/entities/abc", 405, "method_not_allowed"),
        ("get", "/api/entities", 405, "method_not_allowed"),
    ],
)
def test_unknown_routes_and_verbs_have_the_envelope(verb: str, path: str, status: int, code: str) -> None:
    answer = getattr(ApiClient(make_key()), verb)(path)
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json()["message"]


@begin_with(Whole)
def test_unexpected_errors_have_the_envelope_and_no_detail(world: Whole, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("the inner secret")

    monkeypatch.setattr("releasehub.api.entity.entity_viewsets.delete_download", fail)
    answer = world.perform("delete", "/api/entities/{entity_id}")
    assert (answer.status_code, b"secret" in answer.content) == (500, False)
    assert answer["X-Request-Id"]


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"\xff"])
def test_unreadable_bodies_are_400(body: bytes) -> None:
    answer = ApiClient(make_key()).post("/api/entities", body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_input")


@begin_with(Whole)
@pytest.mark.parametrize(
    "query", ["page=0&pageSize=0", "page=-1", "page=x", "pageSize=99999999999999999999999", "page=²"]
)
def test_invalid_page_numbers_are_clamped(world: Whole, query: str) -> None:
    answer = world.client.get(f"/api/organizations?{query}")
    assert answer.status_code == 200
    assert answer.json()["pageSize"] <= 100
