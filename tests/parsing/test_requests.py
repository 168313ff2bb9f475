"""Values that no route expects, in paths, queries and headers: every response says so and none is a failure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from itertools import cycle, islice, product
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from django.urls.resolvers import RoutePattern

from releasehub.core.numbers import MAX_ID, read_number
from releasehub.server.request_middleware import MAX_PATH_CHARACTERS
from tests.api.described import document
from tests.crawling import templates_unrecorded
from tests.factories import make_file, make_key, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
DIGITS = "9" * 5_000
PATH_VALUES = ("9" * 19, "9" * (MAX_PATH_CHARACTERS - 200), "%FF%FE", "%ED%A0%80", "%D9%A3")
NUMBERS = (DIGITS, "9" * 19, "-1", "1e999999", "NaN", "%D9%A3", "%C2%B2")
TEXTS = ("%FF", "[" * 2_000, "[null]")
TIMES = ("0000-01-01", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00%2B14:00")
# The hub refuses these before it looks for a route, so one route is enough.
REFUSED_PATH_VALUES = (DIGITS, "a%00b")
REFUSED_QUERY_VALUES = ("a%00b",)
HEADERS = (
    "Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Idempotency-Key",
    "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "XF-Api-User", "XF-Api-Key", "Authorization", "Accept",
    "Accept-Encoding", "Accept-Language", "Cookie", "X-Request-Id", "User-Agent", "Origin", "Referer",
)  # fmt: skip
HEADER_VALUES = (
    DIGITS, f"bytes={DIGITS}-{DIGITS}", "bytes=" + "0-0," * 5_000, f"Bearer {DIGITS}", "Basic %%%", "Basic //79",
    "\u00ff",
    "a,", "text/*;q=1e999", "sessionid=" + DIGITS, "messages=" + DIGITS, "csrftoken=" + DIGITS,
    "Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 0000 00:00:00 GMT",
)  # fmt: skip


def page_routes(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """Yield the routes of pages and admin, such as `/admin/downloads/download/<path:object_id>/`."""
    for entry in resolver.url_patterns:
        if not isinstance(entry.pattern, RoutePattern):
            continue
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLPattern):
            yield route
        else:
            yield from page_routes(entry, route)


@pytest.fixture
def staff() -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(make_user(is_superuser=True, is_staff=True))
    return client


@pytest.fixture
def program() -> Client:
    key = make_key(make_user(is_superuser=True), is_super_user=True)
    return Client(raise_request_exception=False, headers={"XF-Api-Key": key, "User-Agent": "tests/1 (example.com)"})


def routed_urls(route: str, values: Iterator[str]) -> Iterator[str]:
    """Yield the URLs of those values that the route takes."""
    for value in values:
        url = re.sub(r"<[^>]+>", value, route)
        with suppress(Resolver404):
            resolve(unquote(url))
            yield url


def failures(client: Client, urls: Iterator[str], **options: Any) -> list[str]:
    found = []
    for url in urls:
        with templates_unrecorded():
            response = client.get(url, **options)
        if response.status_code >= 500:
            found.append(f"{response.status_code} {url[:150]}")
        response.close()
    return found


def test_hostile_paths_of_apis_take_linear_time(program: Client) -> None:
    paths = [path for path in document()["paths"] if "{" in path]
    values = cycle(PATH_VALUES)  # three for each path; neighbors take the others
    pairs = [(path, next(values)) for path in paths for _ in range(3)]
    pairs += product(paths[:1], REFUSED_PATH_VALUES)
    urls = (re.sub(r"\{\w+\}", value, path) for path, value in pairs)
    assert failures(program, urls) == []


def test_hostile_paths_of_pages_and_admin_take_linear_time(staff: Client) -> None:
    values = cycle(PATH_VALUES)  # two for each page
    routes = [route for route in page_routes(get_resolver()) if "<" in route]
    # The admin has each kind of route once for every model, so every third one is enough.
    of_admin = [route for route in routes if "/admin/" in route][::3]
    urls = [
        url
        for route in (*of_admin, *(route for route in routes if "/admin/" not in route))
        for url in islice(routed_urls(route, islice(values, len(PATH_VALUES) + 1)), 1 if route in of_admin else 2)
    ]
    # A value that no route takes ends at the same place for all of them.
    urls += [f"/downloads/{value}/" for value in (*PATH_VALUES, *REFUSED_PATH_VALUES)]
    assert failures(staff, iter(urls)) == []


def test_hostile_queries_of_apis_take_linear_time(program: Client) -> None:
    described = [
        (path, verbs["get"]) for path, verbs in document()["paths"].items() if "get" in verbs and "{" not in path
    ]
    parameters = [
        (path, parameter)
        for path, operation in described
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query"
    ]
    file = make_file()
    parents = f"download_id={file.version.download_id}&version_id={file.version_id}"
    kinds = {"integer": cycle(NUMBERS), "date-time": cycle((*TIMES, *NUMBERS)), "": cycle((*TEXTS, *NUMBERS, *TIMES))}
    urls = []
    for path, parameter in parameters:
        start = f"{path}?{parents}&" if "mc-dm" in path else f"{path}?"
        kind = next((kind for kind in kinds if kind in parameter["schema"].values()), "")
        # Two values for each parameter; neighbors take the others.
        urls += [f"{start}{parameter['name']}={value}" for value in islice(kinds[kind], 2)]
    urls += [f"{urls[0].partition('=')[0]}={value}" for value in REFUSED_QUERY_VALUES]
    assert failures(program, iter(urls)) == []


def test_hostile_queries_of_pages_and_admin_take_linear_time(staff: Client) -> None:
    values = (*NUMBERS[:4], *TEXTS[:1])
    names = {True: ("p", "q", "o", "id__exact"), False: ("page", "before", "state", "key", "channel", "q")}
    routes = [
        route
        for route in page_routes(get_resolver())
        # A form to add an object reads no query, and the schema takes a second.
        if "<" not in route and not route.endswith(("/add/", "logout/", "/schema/"))
    ]
    pairs = islice(((route, name) for route in routes for name in names["/admin/" in route]), 0, None, 5)
    urls = (f"{route}?{name}={value}" for (route, name), value in zip(pairs, cycle(values), strict=False))
    assert failures(staff, urls) == []


def test_hostile_headers_are_handled_in_linear_time(program: Client) -> None:
    file = make_file()
    download = file.version.download
    paths = (
        "/",
        f"/downloads/{download.slug}.{download.pk}/",
        f"/api/mc-dm-files/{file.pk}/download/",
        "/v3/products",
        "/api/entities",
    )
    requests = zip(cycle(paths), product(HEADERS, HEADER_VALUES), strict=False)
    found = [
        f"{name}: {value[:40]} {path}"
        for path, (name, value) in requests
        if failures(program, iter([path]), headers={name: value})
    ]
    assert found == []


@pytest.mark.parametrize("text", ["", "a", "-1", "+1", "1.0", " 1", "\u0663", "\u00b2", DIGITS, str(MAX_ID + 1)])
def test_invalid_number_is_rejected_in_linear_time(text: str) -> None:
    assert read_number(text) is None


@pytest.mark.parametrize("text", ["0", "7", "007", "0" * 5_000 + "7", str(MAX_ID)])
def test_valid_number_is_parsed_in_linear_time(text: str) -> None:
    assert read_number(text) == int(text.lstrip("0") or "0")
