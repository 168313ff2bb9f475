"""The schema of the v3 dialect is complete, and every kind of response matches it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import get_resolver

from releasehub.apikeys.models import ApiKey
from releasehub.apikeys.services import issue_key
from releasehub.webhooks.endpoint_states import send_test_event
from releasehub.webhooks.endpoints import create_endpoint
from tests.api.described import check, document, operations
from tests.api.test_schema import routes
from tests.api.v3.shop import Shop, open_shop, signed_in
from tests.conftest import ApiClient, begin_with, for_each
from tests.factories import make_file, make_key, make_user, make_version, system
from versions.models import NamedChannel, NamedPlatform
from versions.services import create_label

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
OURS = operations("/v3/")
HOOK = "https://93.184.215.14/hook"  # only validated, never connected to
OPEN = {
    "/v3/accounts/login", "/v3/status", "/v3/releases/update", "/v3/releases/latest", "/v3/{release_id}/{filename}",
    "/v3/{account_id}/{release_id}/{filename}",
}  # fmt: skip


class World:
    """One row of each kind, and a signed-in administrator."""

    def __init__(self) -> None:
        self.shop: Shop = open_shop()
        admin = make_user(is_staff=True, is_superuser=True)
        self.client = signed_in(admin)
        product = self.shop.product
        self.version = make_version(product, "1.0.0")
        self.file = make_file(self.version, name="tool.bin")
        self.draft = make_version(product, "2.0.0", state="draft", files=1)
        self.token = issue_key(actor=system(), user=admin, name="mine")[0]
        self.channel, self.platform = (
            create_label(actor=system(), model=model, name="x", display_name="X")
            for model in (NamedChannel, NamedPlatform)
        )
        self.webhook = create_endpoint(actor=system(), url=HOOK, title="Mirror", format="v3")[0]
        self.delivery = send_test_event(actor=system(), endpoint=self.webhook)

    def path(self, template: str, verb: str) -> str:
        ids = {
            "release-files": self.file.public_id, "release-channels": self.channel.public_id,
            "release-platforms": self.platform.public_id, "products": self.shop.product.public_id,
            "personal-access-tokens": str(self.token.pk), "webhooks": self.webhook.public_id,
            "webhook-event-logs": self.delivery.webhook_id,
            "releases": (self.draft if verb == "patch" or template.endswith("/publish") else self.version).public_id,
        }  # fmt: skip
        text = template.replace("{public_id}", ids.get(template.split("/")[2], ""))
        text = text.replace("{release_id}", self.version.public_id).replace("{filename}", "tool.bin")
        return text.replace("{account_id}", self.shop.owner.public_id)

    def body(self, template: str) -> dict[str, Any]:
        product = self.shop.product.public_id
        url = "https://files.example.org/x.bin"
        bodies: dict[str, dict[str, Any]] = {
            "/v3/releases": {"name": "R", "version": "3.0", "productId": product},
            "/v3/release-files": {
                "name": "x.bin", "url": url, "size": 1, "secured": False, "releaseId": self.version.public_id,
            },
            "/v3/release-channels": {"name": "new", "displayName": "New"},
            "/v3/release-platforms": {"name": "new", "displayName": "New"},
            "/v3/products": {"name": "New"},
            "/v3/personal-access-tokens": {"name": "ci", "scopes": ["release:read"]},
            "/v3/webhooks": {"name": "Mirror", "url": HOOK, "events": ["release.published"]},
            "/v3/accounts/login": {"email": "ann", "password": "secret-pass-1"},
        }  # fmt: skip
        return bodies.get(template, {"name": "other"})


def perform(world: World, verb: str, template: str) -> Any:
    path = world.path(template, verb)
    if verb == "get":
        product = world.shop.product.public_id
        asked = {"productId": product, "platform": "linux", "version": "0.1"} if template in OPEN else {}
        return world.client.get(path, asked)
    if verb == "put":
        named = {"Content-Disposition": 'attachment; filename="most.bin"'}
        path = path.replace("tool.bin", "more.bin")
        return world.client.put(path, b"more", content_type="text/plain", headers=named)
    return world.client.send(verb, path, world.body(template))


def success_of(verb: str, path: str) -> int:
    if verb == "delete":
        return 204
    is_step = "{public_id}/" in path or path.endswith("login")
    return 201 if (verb == "post" and not is_step) else 200


CLOSED = [(verb, path) for verb, path in OURS if path not in OPEN or verb == "put"]
JSON = [(verb, path) for verb, path in OURS if (verb, path[-10:]) != ("get", "{filename}")]


@for_each(JSON, begin=World)
def test_successful_responses_match_the_schema(world: World, verb: str, path: str) -> None:
    answer = perform(world, verb, path)
    assert answer.status_code == success_of(verb, path), answer.content
    check(path, verb, answer)


@for_each(CLOSED, begin=World)
def test_request_without_a_token_is_401(world: World, verb: str, path: str) -> None:
    world.client = ApiClient()
    answer = perform(world, verb, path)
    assert (answer.status_code, answer.json()["code"]) == (401, "UNAUTHORIZED")
    assert answer["WWW-Authenticate"] == "Bearer"
    check(path, verb, answer)


@for_each(OURS, begin=World)
def test_response_to_an_invalid_token_matches_the_schema(world: World, verb: str, path: str) -> None:
    world.client = ApiClient("rh_wrong")
    answer = perform(world, verb, path)
    assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_TOKEN")
    check(path, verb, answer)


SCOPED = [(verb, path) for verb, path in OURS if path not in {"/v3/accounts/login", "/v3/status", "/v3/me"}]


@for_each(SCOPED, begin=World)
def test_missing_scope_is_403_and_changes_nothing(world: World, verb: str, path: str) -> None:
    world.client = ApiClient(make_key(world.shop.owner, scopes=["mc_dm_category:read"]))
    before = ApiKey.objects.count()
    answer = perform(world, verb, path)
    assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
    assert ApiKey.objects.count() == before
    check(path, verb, answer)


@for_each([pair for pair in OURS if "{public_id}" in pair[1]], begin=World)
def test_absent_objects_are_404(world: World, verb: str, path: str) -> None:
    for text in ("a" * 24, "9" * 40, "6f1e0e0c-6f3e-4f3e-8f3e-6f1e0e0c6f3e"):
        answer = world.client.send(verb, path.replace("{public_id}", text), world.body(path))
        assert (answer.status_code, answer.json()["code"]) == (404, "NOT_FOUND")
        check(path, verb, answer)


def test_every_route_of_the_dialect_is_in_the_schema() -> None:
    def plain(route: str) -> str:
        route = re.sub(r"\(\?P<(\w+)>(?:\[[^]]*\](?:\{[\d,]+\}|\+)?)\)", r"{\1}", route)
        return "/" + route.replace("^", "").removesuffix("$")

    found = {plain(route) for route in routes(get_resolver().url_patterns) if route.startswith("v3/")} - {"/v3/.*"}
    assert found == {path for path in document()["paths"] if path.startswith("/v3/")}


@begin_with(World)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("get", "/v3/nothing", 404), ("get", "/v3/", 404), ("get", "/v3/a/b/c/d", 404), ("put", "/v3/releases", 405)],
)
def test_unknown_routes_and_verbs_have_the_envelope(world: World, method: str, path: str, status: int) -> None:
    answer = getattr(world.client, method)(path)
    assert (answer.status_code, answer.json().keys()) == (status, {"message", "code"})


def test_unknown_routes_are_404_for_writers() -> None:
    answer = ApiClient(enforce_csrf_checks=True).send("post", "/v3/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "ROUTE_NOT_FOUND")


@begin_with(World)
def test_unexpected_errors_have_the_envelope_and_no_detail(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**kwargs: Any) -> None:
        raise RuntimeError("the inner secret")

    monkeypatch.setattr("releasehub.api.v3.release_viewsets.create_version", fail)
    answer = perform(world, "post", "/v3/releases")
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL_ERROR")
    assert b"secret" not in answer.content
    assert answer["X-Request-Id"]


def test_operations_carry_the_tag_and_the_scheme_of_the_dialect() -> None:
    for verb, path in OURS:
        said = document()["paths"][path][verb]
        assert said["tags"] == ["v3"]
        assert {name for entry in said["security"] for name in entry} == {"token"}
        assert ({} in said["security"]) is (path in OPEN and verb != "put")
