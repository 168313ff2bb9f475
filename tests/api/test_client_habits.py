"""What clients of the original systems send, and every dialect accepts: see docs/api/accepted.md."""

from __future__ import annotations

import codecs
import json
from collections import defaultdict
from typing import Any

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils.datastructures import MultiValueDict
from django.utils.http import urlencode

from tests.api.calling import chosen
from tests.api.described import operations, sample_body
from tests.conftest import ApiClient
from tests.factories import make_category, make_download, make_key, make_user, make_version
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
WRITES = [(verb, path) for verb, path in operations() if verb in {"post", "put", "patch"}]
NUMBER_MEMBERS = {"version", "version_string", "version_number", "highest_number"}


def test_every_body_with_a_version_number_is_known() -> None:
    found = {(path, name) for verb, path in WRITES for name in members_of(verb, path) if name in NUMBER_MEMBERS}
    assert found == {
        ("/api/access-keys/", "highest_number"),
        ("/api/entities/{entity_id}/versions/confirm", "version"),
        ("/api/entities/{entity_id}/versions/upload-url", "version"),
        ("/api/mc-dm-versions/", "version_string"),
        ("/api/mc-dm-versions/{id}/", "version_string"),
        ("/v3/releases", "version"),
        ("/v3/releases/{public_id}", "version"),
        ("/version", "version_number"),
        ("/version/{id}", "version_number"),
    }


def members_of(verb: str, path: str) -> dict[str, Any]:
    """Return the members of the body; those of the engine dialect are inside `data`."""
    body = sample_body(verb, path)
    return dict(body.get("data", body))


@pytest.mark.parametrize("number", ["1.10", "2", "20260131", "1e3"])
def test_a_version_number_is_never_a_json_number(number: str) -> None:
    owner = make_user()
    download = make_download(owner, category=make_category())
    version = make_version(download)
    client = ApiClient(make_key(owner))
    bodies: dict[str, dict[str, Any]] = {
        "post /api/mc-dm-versions/": {"download_id": download.pk, "version_string": ...},
        f"put /api/mc-dm-versions/{version.pk}/": {"version_string": ...},
        "post /v3/releases": {"name": "x", "productId": download.public_id, "platforms": [], "version": ...},
        f"patch /v3/releases/{version.public_id}": {"version": ...},
        f"patch /version/{version.public_id}": {"version_number": ...},
        "post /version": {"github_release_url": "https://github.com/a/b/releases/tag/1", "version_number": ...},
        "post /api/access-keys/": {"download_id": download.pk, "name": "x", "highest_number": ...},
    }
    for operation, members in bodies.items():
        verb, _, path = operation.partition(" ")
        body = json.dumps({name: "RAW" if value is ... else value for name, value in members.items()})
        response = client.generic(verb.upper(), path, body.replace('"RAW"', number), content_type="application/json")
        assert response.status_code == 400, f"{operation}: {response.content!r}"
        assert "must be a string" in response.content.decode(), operation


def test_options_is_refused_as_any_other_method_that_a_route_does_not_have() -> None:
    """Browsers ask with CORS headers, which have a response of their own; other clients ask without them.

    One path is asked with a key, the next one without.
    """
    clients = [ApiClient(make_key(make_user(is_superuser=True))), ApiClient()]
    values = defaultdict(lambda: "a" * 24, id="1", download_id="1", delivery_id="msg_a_1")
    for turn, path in enumerate(sorted({path for _, path in operations()})):
        client = chosen(clients, turn)
        url = path.format_map(values)
        statuses = {method: client.generic(method, url).status_code for method in ("OPTIONS", "PROPFIND")}
        assert statuses["OPTIONS"] == statuses["PROPFIND"], (path, statuses)
        assert statuses["OPTIONS"] in {404, 405}, (path, statuses)


@pytest.mark.parametrize(
    "path",
    [
        "/api/mc-dm-categories/",
        "/v3/products",
        "/api/graphql",
        "/api/organizations",
        "/version_files",
        "/api/uploads/",
    ],
)
def test_a_byte_order_mark_before_json_is_ignored(path: str) -> None:
    client = ApiClient(make_key(make_user(is_superuser=True)))
    plain, marked = (
        client.generic("POST", path, mark + b'{"other": 1}', content_type="application/json")
        for mark in (b"", codecs.BOM_UTF8)
    )
    assert (marked.status_code, marked.content) == (plain.status_code, plain.content)


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", MULTIPART_CONTENT])
@pytest.mark.parametrize(
    "names", [["platforms", "platforms"], ["platforms[]", "platforms[]"], ["platforms[0]", "platforms[1]"]]
)
def test_lists_in_forms_may_have_brackets(names: list[str], content_type: str) -> None:
    owner = make_user()
    download = make_download(owner, category=make_category())
    client = ApiClient(make_key(owner))
    fields = [*zip(names, ["linux", "windows"], strict=True), ("version_string", "2.0"), ("download_id", download.pk)]
    body = MultiValueDict()
    for name, value in fields:
        body.appendlist(name, value)
    encoded = (
        urlencode(body, doseq=True) if "urlencoded" in content_type else encode_multipart(BOUNDARY, dict(body.lists()))
    )
    response = client.generic("POST", "/api/mc-dm-versions/", encoded, content_type=content_type)
    assert response.status_code == 200, response.content
    assert Version.objects.get(number="2.0").platforms == ["linux", "windows"]


@pytest.mark.parametrize("name", ["type", "type[]"])
def test_lists_in_queries_may_have_brackets(name: str) -> None:
    make_version(make_download())
    client = ApiClient(make_key(make_user(is_superuser=True)))
    response = client.get(f"/api/events?{name}=download.created&{name}=version.deleted")
    assert {event["type"] for event in response.json()["events"]} == {"download.created"}


def test_json_with_the_media_type_of_a_form_is_read() -> None:
    """`curl -d '{…}'` and jQuery send it if the media type is forgotten."""
    version = make_version()
    client = ApiClient(make_key(version.download.owner))
    form, path = "application/x-www-form-urlencoded", f"/api/mc-dm-versions/{version.pk}/"
    assert client.generic("PUT", path, '{"title": "New"}', form).status_code == 200
    version.refresh_from_db()
    assert version.title == "New"
    answer = client.generic("PUT", path, '{"title": ', form)
    assert (answer.status_code, "not JSON" in answer.json()["errors"][0]["message"]) == (400, True)


def test_the_media_type_of_a_multipart_form_may_have_capital_letters() -> None:
    version = make_version()
    client = ApiClient(make_key(version.download.owner))
    body = encode_multipart(BOUNDARY, {"title": "New"})
    media_type = MULTIPART_CONTENT.replace("multipart/form-data; boundary", "Multipart/Form-Data; Boundary")
    assert client.generic("PUT", f"/api/mc-dm-versions/{version.pk}/", body, media_type).status_code == 200
    version.refresh_from_db()
    assert version.title == "New"
