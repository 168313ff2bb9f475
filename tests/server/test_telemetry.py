"""OpenTelemetry: a collector gets traces and metrics with the id of the request, if the operator wants them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from releasehub.server import checks
from tests.serving import serving

pytestmark = pytest.mark.embedded

ROOT = Path(__file__).resolve().parents[2]
# A hub answers one request, then sends what it has collected.
SCRIPT = """
from releasehub.server.telemetry import start
import django
start()
django.setup()
from django.test import Client
from opentelemetry import metrics, trace
assert Client().get("/healthz", headers={"host": "10.0.0.7:8000"}).status_code == 200
headers = {"host": "localhost", "X-Request-Id": "shipping-42"}
assert Client().get("/api/preview/hush-hush/?key=hush-hush", headers=headers).status_code == 404
trace.get_tracer_provider().force_flush()
metrics.get_meter_provider().force_flush()
"""


class Collector(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server: Any = self.server
        server.received.append((self.path, body))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: Any) -> None:
        pass


@pytest.fixture
def collector() -> Iterator[Any]:
    server: Any = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    server.received = []
    with serving(server):
        yield server


def run_hub(collector: Any, data: Path, percent: int) -> dict[str, bytes]:
    """Return what the collector received, by path."""
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment |= {"RELEASEHUB_DATA_DIR": str(data), "DJANGO_SETTINGS_MODULE": "releasehub.settings.base"}
    environment |= {"RELEASEHUB_OTEL_SAMPLE_PERCENT": str(percent), "OTEL_SERVICE_NAME": "fjord-hub"}
    environment["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{collector.server_port}/"
    environment["OTEL_EXPORTER_OTLP_COMPRESSION"] = "none"
    command = [sys.executable, "-c", SCRIPT]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    received: dict[str, bytes] = {}
    for path, body in collector.received:
        received[path] = received.get(path, b"") + body
    return received


def test_a_request_is_sent_as_a_trace_and_counted(collector: Any, tmp_path: Path) -> None:
    received = run_hub(collector, tmp_path, 100)
    assert b"hub.request_id" in received["/v1/traces"]
    assert b"shipping-42" in received["/v1/traces"]
    assert b"/api/preview/" in received["/v1/traces"]
    assert not any(b"hush" in body for body in received.values())
    assert all(b"fjord-hub" in body for body in received.values())
    assert re.search(rb"http\.server\.(request\.)?duration", received["/v1/metrics"])


def test_requests_outside_the_sample_send_no_trace(collector: Any, tmp_path: Path) -> None:
    assert set(run_hub(collector, tmp_path, 0)) == {"/v1/metrics"}


def test_missing_packages_stop_the_start_with_a_hint(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "find_spec", lambda name: None)
    assert checks.check_telemetry(None) == []
    settings.OTEL_ENDPOINT = "http://127.0.0.1:4318"
    (error,) = checks.check_telemetry(None)
    assert "requirements-otel.txt" in str(error.hint)


def test_a_hub_installs_it_only_on_request() -> None:
    assert "opentelemetry" not in (ROOT / "requirements.txt").read_text()
