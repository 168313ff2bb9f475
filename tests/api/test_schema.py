"""The schema is complete, and every kind of response matches it."""

from __future__ import annotations

import inspect
import json
from collections import defaultdict
from itertools import product
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from drf_spectacular.validation import validate_schema

from downloads.services import update_download
from files.uploads.sessions import begin_upload, open_incoming
from releasehub.core.rates import Rate
from releasehub.webhooks.endpoint_states import send_test_event
from releasehub.webhooks.endpoints import create_endpoint
from tests.api.described import (
    check,
    document,
    has_warning,
    objects,
    operations,
    sample_body,
    validator,
    without_repeats,
)
from tests.conftest import ApiClient, begin_with, for_each
from tests.factories import make_comment, make_key, make_user, make_version, system
from tests.factories.releases import make_category, make_download, make_file

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
HOOK = "https://93.184.215.14/hook"  # only validated, never connected to
GITHUB_UPLOADS = "/api/uploads/repos/"
DELIVERY = r"(?P<delivery_id>msg_[a-z0-9]+_[0-9]+)"


OPERATIONS = [
    (verb, path) for verb, path in operations("/api/mc-dm-", "/api/uploads/") if not path.startswith(GITHUB_UPLOADS)
]


class World:
    """One row of each kind, and a key with all permissions."""

    def __init__(self) -> None:
        owner = make_user(is_staff=True, is_superuser=True)
        self.client = ApiClient(make_key(owner))
        self.category = make_category()
        self.download = make_download(owner, category=self.category)
        self.version = make_version(self.download, "1.0.0")
        self.file = make_file(self.version)
        incoming = open_incoming(size_bytes=3, part_bytes=None)
        self.upload = begin_upload(actor=system(), version=self.version, filename="up.bin", incoming=incoming)
        self.endpoint, _ = create_endpoint(actor=system(), url=HOOK, download_id=self.download.pk)
        self.comment = make_comment(self.download)
        self.delivery = send_test_event(actor=system(), endpoint=self.endpoint)

    def path(self, template: str) -> str:
        kind = template.split("/")[2].removeprefix("mc-dm-")
        if kind == "uploads":
            return template.replace("{public_id}", self.upload.public_id)
        row = {"categories": self.category, "downloads": self.download, "versions": self.version, "files": self.file}
        row |= {"webhooks": self.endpoint, "comments": self.comment}
        return template.replace("{id}", str(row[kind].pk)).replace("{delivery_id}", self.delivery.webhook_id)


BODIES = {
    "/api/mc-dm-categories/": {"title": "New"},
    "/api/mc-dm-downloads/": {"title": "New", "category_id": "category"},
    "/api/mc-dm-versions/": {"download_id": "download", "version_string": "2.0.0"},
    "/api/mc-dm-categories/{id}/": {"title": "Other"},
    "/api/mc-dm-downloads/{id}/": {"title": "Other"},
    "/api/mc-dm-versions/{id}/": {"title": "Other"},
    "/api/mc-dm-files/{id}/": {"display_label": "Other"},
    "/api/mc-dm-comments/": {"download_id": "download", "message": "Works."},
    "/api/mc-dm-comments/{id}/": {"message": "Works well."},
    "/api/mc-dm-webhooks/": {"url": HOOK, "download_id": "download", "events": {"mc_dm_file": "*"}},
    "/api/mc-dm-webhooks/{id}/": {"title": "Other", "criteria": {"mc_dm_version": {"published": "yes"}}},
    "/api/mc-dm-webhooks/{id}/replay/": {"since": "2026-01-01", "until": "2036-01-01T00:00:00Z"},
    "/api/uploads/": {"version_id": "version", "filename": "more.bin", "size_bytes": 10},
    "/api/uploads/{public_id}/parts/": {"parts": [{"number": 1}]},
}
PARENTS = {
    "/api/mc-dm-versions/": "download_id",
    "/api/mc-dm-files/": "version_id",
    "/api/mc-dm-comments/": "download_id",
}


def perform(world: World, verb: str, path: str, query: str = "") -> Any:
    url = world.path(path)
    if parent := PARENTS.get(path):
        query += f"&{parent}={(world.download if parent == 'download_id' else world.version).pk}"
    if verb == "get":
        return world.client.get(f"{url}?{query}")
    if path == "/api/mc-dm-files/":
        data = {"version_id": world.version.pk, "file": SimpleUploadedFile("more.bin", b"more")}
        return world.client.post(f"{url}?{query}", data)
    body = {k: getattr(world, v).pk if hasattr(world, str(v)) else v for k, v in BODIES.get(path, {}).items()}
    if verb == "delete":
        body = {"hard": True, "reason": "test"}
        if "categories" in path:
            url = url.replace(str(world.category.pk), str(make_category().pk))
    return world.client.send(verb, f"{url}?{query}", body)


JSON_OPERATIONS = [(verb, path) for verb, path in OPERATIONS if not path.endswith("/download/")]


def test_schema_has_no_warning_and_is_valid() -> None:
    assert not has_warning()
    validate_schema(without_repeats())  # type: ignore[no-untyped-call]


def test_docstrings_for_developers_are_not_published() -> None:
    values = defaultdict(lambda: "a" * 24, id="1", download_id="1", delivery_id="msg_a_1")
    for verb, path in operations():
        view = resolve(path.format_map(values)).func
        action = getattr(view.cls, view.actions.get(verb, ""), None)  # type: ignore[attr-defined]
        docstrings = {inspect.getdoc(action), *(inspect.getdoc(base) for base in view.cls.__mro__)}  # type: ignore[attr-defined]
        operation = document()["paths"][path][verb]
        assert operation["summary"], (verb, path)
        assert operation.get("description") not in docstrings - {None}, (verb, path)


def test_docstrings_of_serializers_are_not_published() -> None:
    """Only the values of enums have descriptions, which come from the labels of the choices."""
    schemas = document()["components"]["schemas"]
    assert {name for name, schema in schemas.items() if "description" in schema and "enum" not in schema} == set()


def test_openapi_version_is_3_1() -> None:
    assert document()["openapi"].startswith("3.1")


def test_document_names_its_server() -> None:
    """Without it, generated clients send their requests to localhost."""
    assert document()["servers"] == [{"url": "http://localhost:8000"}]


def test_ids_in_paths_have_the_type_that_they_have_in_bodies() -> None:
    parameters = [node for node in objects(document()) if node.get("in") == "path"]
    assert [node["name"] for node in parameters if "d+" in node["schema"].get("pattern", "")] == []
    retrieved = document()["paths"]["/api/mc-dm-versions/{id}/"]["get"]["parameters"]
    assert {"type": "integer"} in [node["schema"] for node in retrieved if node["name"] == "id"]


def test_every_default_matches_its_schema() -> None:
    """The validator does not look at defaults, but generators of clients refuse a document with an invalid one."""
    for node in objects(document()):
        if "default" in node and ("type" in node or "enum" in node):
            validator(node).validate(node["default"])


def test_every_example_matches_its_schema() -> None:
    media = [node for node in objects(document()) if "examples" in node and "schema" in node]
    assert media
    for node in media:
        for example in node["examples"].values():
            validator(node["schema"]).validate(example["value"])


def test_names_of_operations_are_names_of_functions() -> None:
    names = [operation["operationId"] for path in document()["paths"].values() for operation in path.values()]
    assert [name for name in names if not name.isidentifier()] == []
    assert len(set(names)) == len(names)


def test_a_body_is_documented_in_one_media_type() -> None:
    """Some generated clients send the same members once for each media type, all in one request."""
    for verb, path in operations():
        content = document()["paths"][path][verb].get("requestBody", {}).get("content", {})
        texts = [json.dumps(media, sort_keys=True) for media in content.values()]
        has_file = "file" in sample_body(verb, path)
        assert "*/*" in content or len(set(texts)) == len(texts), (verb, path)
        assert not (has_file and "application/json" in content), (verb, path)


def test_bodies_of_files_have_a_media_type_that_every_generator_knows() -> None:
    for node in objects(document()):
        if "*/*" in node.get("content", {}):
            assert "application/octet-stream" in node["content"], node


def test_fixed_texts_come_last_among_alternatives() -> None:
    """Some generated clients refuse a value that is not the fixed text, and do not try what comes after it."""
    for node in objects(document()):
        for alternatives in (node.get("oneOf"), node.get("anyOf")):
            assert "const" not in {name for part in (alternatives or ())[:-1] for name in part}, node


@for_each(product(JSON_OPERATIONS, ["with=default", "with=full"]), begin=World)
def test_successful_responses_match_the_schema(world: World, operation: tuple[str, str], query: str) -> None:
    verb, path = operation
    answer = perform(world, verb, path, query)
    if path.endswith("/restore/"):
        assert answer.status_code in {200, 409}
    elif path.endswith("/complete/"):
        assert answer.status_code == 409, answer.content  # its bytes were never uploaded
    else:
        assert answer.status_code == (201 if (verb, path) == ("post", "/api/uploads/") else 200), answer.content
    check(path, verb, answer)


@for_each(JSON_OPERATIONS, begin=World)
def test_response_to_an_invalid_key_matches_the_schema(world: World, verb: str, path: str) -> None:
    world.client = ApiClient("rh_wrong")
    answer = perform(world, verb, path)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (401, "api_key_not_found")
    check(path, verb, answer)


@for_each(OPERATIONS, begin=World)
def test_missing_scope_is_403_and_changes_nothing(world: World, verb: str, path: str) -> None:
    world.client = ApiClient(make_key(scopes=["mc_dm_download:read" if "webhooks" in path else "webhook:read"]))
    answer = perform(world, verb, path)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (403, "do_not_have_permission")
    check(path, verb, answer)


@for_each(sorted({(path,) for _, path in OPERATIONS if "{id}" in path}), begin=World)
def test_absent_objects_are_404(world: World, path: str) -> None:
    verb = next(verb for verb, known in OPERATIONS if known == path)
    for number in ("999999999", "99999999999999999999999"):
        answer = world.client.send(verb, world.path(path.replace("{id}", number)))
        assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "requested_page_not_found")


def test_every_limited_operation_documents_its_429(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each operation of every dialect is requested over its limit; status, body and headers match the schema."""
    settings.ANONYMOUS_RATE = settings.ENGINE_RATE = settings.V3_BURST = 1
    monkeypatch.setattr(Rate, "is_exceeded", True)
    values = defaultdict(lambda: "a" * 24, id="1", download_id="1", delivery_id="msg_a_1")
    for verb, path in operations():
        url = path.format_map(values)
        assert resolve(url).func.cls.throttle_classes, path  # type: ignore[attr-defined]
        limited = ApiClient().send(verb, url)
        assert limited.status_code == 429, (verb, path)
        check(path, verb, limited)
        described = document()["paths"][path][verb]["responses"]["429"]["headers"]
        told = {name for name in limited.headers if name == "Retry-After" or "limit" in name.lower()}
        assert (set(described), described["Retry-After"]["required"]) == (told, True), (verb, path)
        assert int(limited["Retry-After"]) >= 1


def test_response_to_an_old_slug_matches_the_schema() -> None:
    download = make_download(slug="old-name")
    make_file(make_version(download, "1.0.0"))
    update_download(actor=system(), download=download, slug="new-name")
    path = "/api/updates/{slug}"
    answer = ApiClient().get("/api/updates/old-name")
    assert (answer.status_code, answer["Location"]) == (308, "/api/updates/new-name")
    check(path, "get", answer)
    assert document()["paths"][path]["get"]["responses"]["308"]["headers"]["Location"]["required"]


def routes(patterns: Any, prefix: str = "") -> list[str]:
    found = []
    for item in patterns:
        text = prefix + str(item.pattern)
        if isinstance(item, URLResolver):
            found += routes(item.url_patterns, text)
        elif isinstance(item, URLPattern):
            found.append(text)
    return found


def test_every_route_of_the_dialect_is_in_the_schema() -> None:
    known = {path.replace("{id}", "(?P<pk>\\d+)").replace("{delivery_id}", DELIVERY) for path in document()["paths"]}
    found = {"/" + route.replace("^", "").removesuffix("$") for route in routes(get_resolver().url_patterns)}
    assert {route for route in found if route.startswith("/api/mc-dm-")} == {
        path for path in known if path.startswith("/api/mc-dm-")
    }


@pytest.mark.parametrize(
    ("method", "path"), [("get", "/api/nothing/"), ("patch", "/api/mc-dm-files/1/"), ("get", "/api/")]
)
def test_unknown_routes_and_verbs_have_the_envelope(method: str, path: str) -> None:
    answer = getattr(ApiClient(), method)(path)
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (404, "endpoint_not_found")


@begin_with(World)
def test_unexpected_errors_have_the_envelope_and_no_detail(world: World, monkeypatch: pytest.MonkeyPatch) -> None:

    def fail(**kwargs: Any) -> None:
        raise RuntimeError("the inner secret")

    monkeypatch.setattr("releasehub.api.mc_dm.version_viewsets.create_version", fail)
    answer = perform(world, "post", "/api/mc-dm-versions/")
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (500, "server_error_occurred")
    assert b"secret" not in answer.content
    assert answer["X-Request-Id"]


def test_order_of_operations_is_the_same_in_every_process() -> None:
    """REST framework collects the methods of a view in a set, whose order differs from process to process."""
    methods = ["get", "post", "put", "patch", "delete"]
    assert all(list(verbs) == sorted(verbs, key=methods.index) for verbs in document()["paths"].values())
