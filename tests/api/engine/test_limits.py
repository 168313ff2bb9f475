"""The rate limit, the User-Agent, and errors outside of the views of the dialect."""

from __future__ import annotations

from typing import Any

import pytest

from releasehub.api.engine.errors import AnonymousAgent
from releasehub.api.engine.viewsets import names_an_application
from tests.api.engine.conftest import Engine
from tests.api.engine.test_create import refused
from tests.conftest import ApiClient
from tests.factories import make_key

pytestmark = pytest.mark.django_db
EVERYWHERE = [
    ("get", "/version"),
    ("post", "/version"),
    ("put", "/version"),
    ("get", "/versions"),
    ("get", "/version/latest"),
    ("get", "/version/none"),
    ("get", "/version_file/none"),
    ("get", "/version_file"),
    ("post", "/version/none/more"),
    ("options", "/version"),
]


def standing(answer: Any) -> tuple[int, int]:
    """Return the limit and the remaining requests; the window ends within a minute."""
    assert 0 <= int(answer["X-Ratelimit-Reset"]) <= 60
    return int(answer["X-Ratelimit-Limit"]), int(answer["X-Ratelimit-Remaining"])


@pytest.fixture(autouse=True)
def one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """Freeze the time, so that no window ends during a test."""
    monkeypatch.setattr("releasehub.core.rates.time.time", lambda: 1_700_000_010.0)


@pytest.mark.parametrize(("verb", "path"), EVERYWHERE)
def test_every_response_has_rate_limit_headers(engine: Engine, verb: str, path: str) -> None:
    assert standing(getattr(engine.guest, verb)(path)) == (300, 299)


def test_refused_keys_count_too(engine: Engine) -> None:
    client = ApiClient("rh_wrong")
    assert [standing(client.get("/version"))[1] for _ in range(2)] == [299, 298]


def test_rate_limit_is_429_with_retry_after(engine: Engine, settings: Any) -> None:
    settings.ENGINE_RATE = 2
    for left in (1, 0):
        assert standing(engine.client.get("/version")) == (2, left)
    answer = engine.client.get("/version")
    refused(answer, 429, "throttled")
    assert standing(answer) == (2, 0)
    assert 1 <= int(answer["Retry-After"]) <= 61


def test_rate_limit_is_separate_per_network_and_dialect(engine: Engine, settings: Any) -> None:
    settings.ENGINE_RATE = 1
    assert engine.guest.get("/version").status_code == 200
    assert engine.guest.get("/version", REMOTE_ADDR="192.0.2.7").status_code == 200
    assert engine.guest.get("/api/mc-dm-downloads/").status_code == 200
    assert engine.guest.get("/version").status_code == 429


def test_no_limit_has_no_headers(engine: Engine, settings: Any) -> None:
    settings.ENGINE_RATE = 0
    assert "X-Ratelimit-Limit" not in engine.guest.get("/version")


@pytest.mark.parametrize(
    "agent",
    [
        "", " ", "curl/8.5.0", "python-requests/2.31.0", "Go-http-client/1.1", "okhttp/4.12.0", "axios/1.6.0", "node",
        "Python/3.11 aiohttp/3.9.1", "Java/17.0.1", "Wget/1.21.4 (linux-gnu)", "(my-app)", "Python-urllib/3.11",
    ],
)  # fmt: skip
def test_user_agents_of_http_libraries_are_anonymous(agent: str) -> None:
    assert not names_an_application(agent)


@pytest.mark.parametrize(
    "agent",
    [
        "my-updater/1.2 (+https://example.com)",
        "my-updater/1.2 python-requests/2.31.0",
        "username/project/1.0.0 (me@example.com)",
        "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0",
    ],
)
def test_user_agents_of_applications_are_accepted(agent: str) -> None:
    assert names_an_application(agent)


@pytest.mark.parametrize("path", ["/version", "/versions?ids=", "/version/none/more"])
def test_setting_rejects_anonymous_user_agents(engine: Engine, settings: Any, path: str) -> None:
    bare = {"User-Agent": "curl/8.5.0"}
    assert engine.guest.get(path, headers=bare).status_code != 403
    settings.ENGINE_REFUSES_ANONYMOUS_AGENTS = True
    for headers in (bare, {}):
        answer = engine.guest.get(path, headers=headers)
        assert refused(answer, 403, "user_agent_required") == AnonymousAgent.default_detail
        assert standing(answer)[0] == 300
    assert engine.guest.get(path, headers={"User-Agent": "my-updater/1.2"}).status_code != 403


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", ["/version/a/b", "/versions/a", "/version_file", "/version_file/a/b"])
def test_unknown_routes_have_the_envelope(verb: str, path: str) -> None:
    client = ApiClient(make_key(), enforce_csrf_checks=True)
    refused(client.send(verb, path), 404, "not_found")


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("put", "/version"), ("delete", "/version"), ("post", "/versions"), ("put", "/version/a"),
        ("post", "/version/latest"), ("patch", "/version_file/a"), ("options", "/version"), ("trace", "/version"),
    ],
)  # fmt: skip
def test_unknown_verbs_have_the_envelope(verb: str, path: str) -> None:
    answer = getattr(ApiClient(make_key()), verb)(path)
    refused(answer, 405, "method_not_allowed")
    assert answer["Allow"]


def test_head_is_a_get_without_its_body(engine: Engine) -> None:
    answer = engine.guest.head("/version")
    assert (answer.status_code, answer.content) == (200, b"")


def test_foreign_host_has_the_envelope() -> None:
    answer = ApiClient().get("/version", headers={"Host": "evil.example"})
    assert (answer.status_code, list(answer.json())) == (400, ["error", "description"])
