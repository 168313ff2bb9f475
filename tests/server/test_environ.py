"""Requests as they arrive, without the encoding that browsers apply."""

from __future__ import annotations

import http.client
import io
from pathlib import Path

import pytest
from django.core.handlers.wsgi import WSGIRequest

from releasehub.server.environ import environ_of
from tests.hubs import start
from tests.server.test_bridge import request

pytestmark = pytest.mark.embedded


def query_of(query: str) -> str:
    scope = request()
    scope.query_string = query
    return str(environ_of(scope)["QUERY_STRING"])


@pytest.mark.parametrize("text", ["Gerät", "Ölçüm İ", "Инструмент", "ツール", "🎉", "Ã¼"])
def test_query_may_have_any_characters(text: str) -> None:
    raw = f"q={text.replace(' ', '+')}&page=2"
    received = WSGIRequest({"QUERY_STRING": query_of(raw), "wsgi.input": io.BytesIO(), "REQUEST_METHOD": "GET"})
    assert received.GET.dict() == {"q": text, "page": "2"}
    assert received.get_full_path().isascii()


def test_encoded_query_stays_as_it_is() -> None:
    query = "a=%C3%BC&b=1+2&c=%2B&d[]=~!$'()*,;:@/?=%"
    assert query_of(query) == query
    assert query_of(f"{query}&e=ü") == f"{query}&e=%C3%BC"


def test_hub_answers_a_query_that_no_browser_would_send(tmp_path: Path) -> None:
    hub = start(tmp_path / "hub")
    try:
        for path in ("/search/?q=İ", "/api/mc-dm-downloads/?slug=İ", "/d/packsmith/latest/linux-x64?x=İ"):
            connection = http.client.HTTPConnection("127.0.0.1", hub.port)
            connection._encode_request = lambda line: line.encode()  # type: ignore[attr-defined]
            connection._validate_path = lambda url: None  # type: ignore[attr-defined]
            connection.request("GET", path)
            assert connection.getresponse().status == 200
            connection.close()
    finally:
        hub.end()
