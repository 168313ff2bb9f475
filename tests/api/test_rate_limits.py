"""Anonymous requests are limited on every surface, which answers in its own format."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from django.urls import resolve
from redis.exceptions import ConnectionError as RedisConnectionError

from releasehub.api import schema_view
from releasehub.core import counting, redis_cache
from releasehub.core.rates import Rate
from releasehub.core.requests import network_of
from releasehub.server.limit_middleware import RateLimitMiddleware
from tests.api.test_rights_before_bytes import routes
from tests.conftest import ApiClient
from tests.factories import make_key, make_user

pytestmark = pytest.mark.django_db
SURFACES = [
    "/",
    "/account/sign-in/",
    "/admin/login/",
    "/d/none/latest/",
    "/no/such/page",
    "/api/schema/",
    "/api/docs/",
    "/api/none",
    "/api/mc-dm-downloads/",
    "/api/updates/none",
    "/api/uploads/",
    "/api/entities/none",
    "/api/files/content/none",
]


@pytest.fixture(autouse=True)
def one_window(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Freeze the time, so that no window ends during a test."""
    monkeypatch.setattr("releasehub.core.rates.time.time", lambda: 1_700_000_010.0)
    settings.ANONYMOUS_RATE = 2


def fetch(path: str, client: Client | None = None, **extra: Any) -> Any:
    return (client or Client()).get(path, headers={"Accept": "application/json, */*"}, **extra)


@pytest.mark.parametrize("path", SURFACES)
def test_rate_limit_is_429_in_the_format_of_each_interface(path: str) -> None:
    for left in ("1", "0"):
        answer = fetch(path)
        assert (answer.status_code == 429, answer["X-RateLimit-Remaining"]) == (False, left)
    answer = fetch(path)
    assert answer.status_code == 429
    assert 1 <= int(answer["Retry-After"]) <= 61
    assert answer["Content-Type"].startswith("application/json")
    assert answer.json()


def test_refusal_at_the_end_of_a_window_says_when_to_retry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The window may end between the count and the response, which leaves no second to wait."""
    monkeypatch.setattr(Rate, "is_exceeded", True)
    monkeypatch.setattr(Rate, "seconds_left", 0)
    assert {path: fetch(path).headers.get("Retry-After") for path in SURFACES} == dict.fromkeys(SURFACES, "1")


@pytest.mark.embedded
def test_every_route_is_limited_by_one_counter_or_another(settings: Any) -> None:
    """Every route without a limit is listed here; middleware that answers before the routes is not a surface."""
    settings.ANONYMOUS_RATE = settings.V3_BURST = settings.ENGINE_RATE = 1
    client = Client()
    client.raise_request_exception = False
    free = set()
    for path in routes():
        for name in ("limits", "process"):
            caches[name].clear()
        if 429 not in {fetch(path, client).status_code for _ in range(2)}:
            free.add(path)
    assert free == {"/metrics", "/api/uploads/content/1"}


def test_all_surfaces_share_one_counter() -> None:
    assert [fetch(path).status_code for path in ("/", "/api/mc-dm-downloads/", "/robots.txt")] == [200, 200, 429]


def test_wrong_keys_count_for_the_limit_and_valid_keys_do_not() -> None:
    wrong, valid = ApiClient("rh_wrong"), ApiClient(make_key())
    path = "/api/mc-dm-downloads/"
    assert [wrong.get(path).status_code for _ in range(3)][-1] == 429
    assert [valid.get(path).status_code for _ in range(5)] == [200] * 5


def test_signed_in_users_are_not_limited_on_pages() -> None:
    client = Client()
    client.force_login(make_user())
    assert [fetch("/", client).status_code for _ in range(5)] == [200] * 5
    client.cookies["sessionid"] = "made-up"
    assert fetch("/", client).status_code == 200
    assert [fetch("/", client).status_code for _ in range(2)][-1] == 429


def test_rate_limit_counts_the_network_not_a_header() -> None:
    for number in range(3):
        last = fetch("/", REMOTE_ADDR=f"2001:db8::{number}", HTTP_X_FORWARDED_FOR=f"192.0.2.{number}")
    assert last.status_code == 429
    assert fetch("/", REMOTE_ADDR="2001:db8:0:1::1").status_code == 200


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        (None, ""),
    ],
)
def test_network_of_an_address_is_computed(address: str | None, network: str) -> None:
    assert network_of(address) == network


def test_cached_keys_do_not_evict_counters() -> None:
    for _ in range(3):
        fetch("/")
    for number in range(2000):
        caches["default"].set(f"filler-{number}", "x")
        fetch("/robots.txt", REMOTE_ADDR=f"10.0.{number // 250}.{number % 250}") if number % 4 == 0 else None
    assert fetch("/").status_code == 429


def test_rate_limit_without_redis_is_counted_per_process(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def add(key: str, *args: Any, **kwargs: Any) -> bool:
        asked.append(key)
        raise RedisConnectionError

    monkeypatch.setattr(redis_cache._Outage, "ends_at", 0.0)
    monkeypatch.setattr(caches["limits"], "add", add)
    assert [counting.count("some", 60) for _ in range(3)] == [1, 2, 3]
    assert len(asked) == 1


def test_the_schema_is_computed_once(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.ANONYMOUS_RATE = 0
    schema_view._render.cache_clear()
    first = fetch("/api/schema/")  # as JSON: as YAML it is written forty times as slowly
    monkeypatch.setattr(schema_view.SchemaGenerator, "get_schema", lambda *_, **__: pytest.fail("computed again"))
    again = fetch("/api/schema/")
    assert (first.content, first["ETag"]) == (again.content, again["ETag"])
    assert fetch("/api/schema/", HTTP_IF_NONE_MATCH=first["ETag"]).status_code == 304


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("text/html", "application/vnd.oai.openapi"),
        ("image/png, text/html;q=0.9", "application/vnd.oai.openapi"),
        ("application/json", "application/json"),
    ],
)
def test_the_schema_is_never_refused_for_its_format(
    accept: str, media_type: str, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.ANONYMOUS_RATE = 0
    monkeypatch.setattr(schema_view, "_render", lambda renderer: b"{}")
    answer = Client().get("/api/schema/", headers={"Accept": accept})
    assert (answer.status_code, answer["Content-Type"].partition(";")[0]) == (200, media_type)


def test_rate_limit_applies_before_the_csrf_check(settings: Any) -> None:
    """The CSRF check may read a body, so a request over the limit never gets that far."""
    order = [name.rpartition(".")[2] for name in settings.MIDDLEWARE]
    assert order.index(RateLimitMiddleware.__name__) < order.index("PageCsrfMiddleware")
    assert resolve("/account/sign-in/")
