"""Log lines: as JSON, and with the id of the request that caused a task."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from celery.signals import before_task_publish, task_postrun, task_prerun
from django.conf import settings
from django.urls import get_resolver
from django.utils.module_loading import import_string

from releasehub.core import logs
from releasehub.core.actor import system_actor
from releasehub.server.celery import app
from releasehub.server.task_logs import HEADER

pytestmark = pytest.mark.embedded
SECRET_PART = re.compile(r"<\w+:(token|secret)>")


@pytest.fixture
def request_id() -> Iterator[str]:
    token = logs.request_id.set("order-66")
    yield "order-66"
    logs.request_id.reset(token)


def line(message: str, *args: Any, **details: Any) -> dict[str, Any]:
    record = logging.LogRecord("files.tasks", logging.WARNING, __file__, 1, message, args, details.get("exc_info"))
    logs.RequestIdFilter().filter(record)
    text = logs.JsonFormatter().format(record)
    assert "\n" not in text
    return dict(json.loads(text))


def test_a_line_of_json_has_its_fields_and_no_secret(request_id: str) -> None:
    entry = line("Key %s\nfrom %s", "rh_abcdefgh12345678", "Zoë")
    assert entry.pop("time").endswith("+00:00")
    assert entry == {
        "level": "WARNING",
        "logger": "files.tasks",
        "request_id": request_id,
        "message": "Key [secret]\nfrom Zoë",
    }


FORGED = "1\n2026-01-01 ERROR forged\r\x1b[2J\u202e\u2028"


def test_no_text_of_a_client_begins_a_line_of_the_log() -> None:
    try:
        int(FORGED)
    except ValueError:
        raised = sys.exc_info()
    record = logging.LogRecord("files", logging.ERROR, __file__, 1, "File %s", (FORGED,), raised, sinfo=FORGED)
    logs.RequestIdFilter().filter(record)
    first, *rest = logs.OneLineFormatter().format(record).split("\n")
    assert first.endswith(" ERROR files [-] File 1\\n2026-01-01 ERROR forged\\r\\x1b[2J\\u202e\\u2028")
    assert len(rest) > 4
    assert all(line.startswith("  ") and line.isprintable() for line in rest)


def test_requests_for_unknown_hosts_are_logged_without_a_traceback() -> None:
    record = logging.LogRecord("django.security.DisallowedHost", logging.ERROR, __file__, 1, "Invalid", (), None)
    record.exc_info = (ValueError, ValueError("x"), None)
    for name in settings.LOGGING["handlers"]["console"]["filters"]:
        import_string(settings.LOGGING["filters"][name]["()"])().filter(record)
    assert "\n" not in logs.OneLineFormatter().format(record)


@pytest.mark.parametrize(
    "text",
    [
        "Not Found: /account/watches/stop/12:hush-hush/",
        "Not Found: /account/watches/digests/stop/12%3Ahush-hush/",
        "Not Found: /account/invitations/by-link/hush-hush/",
        "Forbidden: /account/email/confirm/Mg:1wX:hush-hush/",
        "Not Found: /account/password/reset/1a-hush-hush/",
        "Bad Request: /api/uploads/content/abc%3Ahush-hush",
        "cannot connect to postgresql://hub:hush-hush@database/hub",
        "cannot connect to redis://:hush@hush-hush@redis:6379/0",
    ],
)
def test_urls_of_mails_and_credentials_in_urls_are_secrets(text: str) -> None:
    message = line("It failed: %s", text)["message"]
    assert "hush" not in message
    assert "[secret]" in message


def routes(patterns: list[Any], prefix: str = "/") -> Iterator[str]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        yield from routes(pattern.url_patterns, route) if hasattr(pattern, "url_patterns") else [route]


def test_secrets_in_the_path_of_any_route_are_redacted() -> None:
    secret_routes = [route for route in routes(get_resolver().url_patterns) if SECRET_PART.search(route)]
    assert len(secret_routes) > 8
    for route in secret_routes:
        path = SECRET_PART.sub("hush-hush", route)
        assert "hush" not in logs.redact(f"Not Found: {path}"), route


def test_a_traceback_is_a_field_of_the_line() -> None:
    try:
        raise ValueError("rh_abcdefgh12345678")
    except ValueError:
        entry = line("It failed.", exc_info=sys.exc_info())
    assert entry["traceback"].startswith("Traceback")
    assert entry["traceback"].endswith("ValueError: [secret]")


def test_ids_of_a_span_are_in_its_lines() -> None:
    from opentelemetry.sdk.trace import TracerProvider

    assert "trace_id" not in line("Outside of a span")
    with TracerProvider().get_tracer("test").start_as_current_span("publish") as span:
        assert line("Inside")["trace_id"] == f"{span.get_span_context().trace_id:032x}"


def run_task(headers: dict[str, Any]) -> Iterator[str]:
    """Yield the request id while a worker runs a task with these headers, then after it."""
    app.loader.import_default_modules()
    task = app.tasks["webhooks.sweep"]
    task.push_request(**headers)
    try:
        task_prerun.send(sender=task, task_id="t1", task=task)
        yield logs.current_request_id()
        assert system_actor().request_id == logs.current_request_id()
        task_postrun.send(sender=task, task_id="t1", task=task, state="SUCCESS")
        yield logs.current_request_id()
    finally:
        task.pop_request()


def test_a_task_has_the_id_of_the_request_that_sent_it(request_id: str) -> None:
    headers: dict[str, Any] = {}
    before_task_publish.send(sender="webhooks.sweep", headers=headers)
    assert headers == {HEADER: request_id}
    token = logs.request_id.set(logs.NO_REQUEST)
    assert list(run_task(headers)) == [request_id, ""]
    logs.request_id.reset(token)


def test_a_scheduled_task_has_its_own_id() -> None:
    headers: dict[str, Any] = {}
    before_task_publish.send(sender="webhooks.sweep", headers=headers)
    assert headers == {}
    assert list(run_task(headers)) == ["t1", ""]
