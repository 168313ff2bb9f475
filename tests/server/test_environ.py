"""Requests as they arrive, without the encoding that browsers apply."""

from __future__ import annotations

import io

import pytest
from django.core.handlers.wsgi import WSGIRequest

from releasehub.server.environ import environ_of
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
