"""Every response with an ETag answers conditional requests, in every dialect."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from downloads.models import Download
from tests.api.calling import Caller, callers, chosen
from tests.api.described import operations
from tests.conftest import ApiClient
from tests.factories import make_file, make_key, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
READS = [(verb, path) for verb, path in operations() if verb == "get"]
PERMANENT = ("ETag", "Vary", "Cache-Control", "Access-Control-Allow-Origin")


def tagged(found: list[tuple[str, str]]) -> Iterator[tuple[Caller, dict[str, str], Any]]:
    """Yield each operation whose response has an ETag, with the key and the response."""
    for caller in callers(found):
        headers = {"XF-Api-Key": make_key(caller.owner)}
        if response := tagged_response(caller, headers):
            yield caller, headers, response


def tagged_response(caller: Caller, headers: dict[str, str]) -> Any:
    """Return the response to reading the URL of the caller if it has an ETag."""
    response = caller.send(headers, verb="get")
    if response.streaming:  # the bytes of a file, which tests/distribution/test_byteranges.py tests
        response.getvalue()
        response.close()
        return None
    return response if "ETag" in response and response.status_code == 200 else None


def conditions_of(tag: str) -> list[str]:
    return [tag, f"W/{tag}", f'{tag[:-1]}-gzip"', f'"other", {tag}', "*"]


def assert_conditions(caller: Caller, headers: dict[str, str], first: Any, turn: int) -> None:
    for number, verb in enumerate(("get", "head")):
        condition = chosen(conditions_of(first["ETag"]), turn + number)
        again = caller.send(headers | {"If-None-Match": condition}, verb=verb)
        assert (again.status_code, again.content) == (304, b""), f"{verb} {caller.url} {condition}"
        for name in PERMANENT:
            assert again.get(name) == first.get(name), f"{caller.url} {name}"
        assert "Content-Type" not in again
    assert caller.send(headers | {"If-None-Match": '"other"'}).content == first.content


def test_content_that_the_client_has_is_not_sent_again() -> None:
    """Each operation gets another two of the conditions, one with GET and one with HEAD."""
    paths = []
    for turn, (caller, headers, response) in enumerate(tagged(READS)):
        assert_conditions(caller, headers, response, turn)
        paths.append(caller.path)
    for prefix in ("/api/mc-dm-", "/api/entities", "/api/organizations", "/api/v3/", "/v3/", "/version"):
        assert any(path.startswith(prefix) for path in paths), prefix
    assert len(paths) > 20


def test_reads_of_an_outdated_object_are_refused_in_the_format_of_the_dialect() -> None:
    version = make_version()
    client = ApiClient(make_key(version.download.owner))
    path = f"/api/mc-dm-versions/{version.pk}/"
    answer = client.get(path, headers={"If-Match": '"1-0"'})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (412, "precondition_failed")
    assert client.get(path, headers={"If-Match": client.get(path)["ETag"]}).status_code == 200


def test_a_changed_counter_is_sent_but_does_not_break_a_change() -> None:
    version = make_version()
    client = ApiClient(make_key(version.download.owner))
    path = f"/api/mc-dm-downloads/{version.download_id}/?with=full"
    tag = client.get(path)["ETag"]
    Download.objects.filter(pk=version.download_id).update(download_count=5)
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200
    assert client.send("put", path, {"title": "New"}, headers={"If-Match": tag}).status_code == 200
    assert client.send("put", path, {"title": "Newer"}, headers={"If-Match": tag}).status_code == 412


def test_a_new_file_is_sent_although_the_row_has_not_changed() -> None:
    version = make_version()
    client = ApiClient(make_key(version.download.owner))
    path = f"/api/mc-dm-versions/{version.pk}/?with=full"
    tag = client.get(path)["ETag"]
    make_file(version)
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_tags_without_the_content_part_still_protect_changes() -> None:
    """Clients may have stored the tags of an earlier release."""
    version = make_version()
    client = ApiClient(make_key(version.download.owner))
    path = f"/api/mc-dm-versions/{version.pk}/"
    tag = client.get(path)["ETag"].partition(".")[0] + '"'
    assert client.send("put", path, {"title": "New"}, headers={"If-Match": tag}).status_code == 200
    assert client.send("put", path, {"title": "Newer"}, headers={"If-Match": tag}).status_code == 412


def test_every_change_of_an_object_with_an_etag_checks_it() -> None:
    """The ETag is known from reading the same URL, so a change or deletion at that URL has to compare it."""
    read = {path for _, path in READS}
    changes = [(verb, path) for verb, path in operations() if path in read and verb in {"put", "patch", "delete"}]
    successes = 0
    for caller in callers(changes):
        headers = {"XF-Api-Key": make_key(caller.owner)}
        if not tagged_response(caller, headers):
            continue
        plain = caller.send(headers).status_code  # RFC 9110, section 13.2.1: other errors come before the condition
        expected = 412 if plain < 300 else plain
        assert caller.send(headers | {"If-Match": '"1-0"'}).status_code == expected, f"{caller.verb} {caller.url}"
        successes += plain < 300
    assert successes > 8
