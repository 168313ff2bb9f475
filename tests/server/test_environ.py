"""Requests as they arrive, without the encoding that browsers apply."""

from __future__ import annotations

import io
from typing import Any

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


def environ_with(**headers: str) -> dict[str, Any]:
    scope = request()
    scope.query_string = "q=%C3%BC"
    scope.headers = {name.replace("_", "-"): value for name, value in headers.items()}
    return environ_of(scope) | {"wsgi.input": io.BytesIO()}


@pytest.mark.parametrize(
    "charset", ["base64", "undefined", "idna", "punycode", "utf-7", "unicode_escape", "utf-16", '"latin-1"']
)
@pytest.mark.parametrize("form", ["text/plain; charset={}", "text/plain ;a=b; CHARSET = {} ;c=d"])
def test_charset_of_a_body_does_not_change_how_the_query_is_read(charset: str, form: str) -> None:
    received = WSGIRequest(environ_with(content_type=form.format(charset)))
    assert (received.content_type, received.GET["q"]) == ("text/plain", "\u00fc")


@pytest.mark.parametrize(
    "parameter",
    ["charset*=no-such''a", "a*=undefined''%41", "a,b*=undefined''%41", f"a*{'9' * 1000}", 'a="' + ";" * 60_000],
    ids=["charset", "codec", "comma", "number", "length"],
)
def test_media_types_that_cannot_be_parsed_count_as_missing(parameter: str) -> None:
    environ = environ_with(content_type=f"text/plain; {parameter}", accept=f"text/html; {parameter}")
    received = WSGIRequest(environ)
    assert (received.content_type, received.accepts("application/json")) == ("", True)


def test_cookies_with_backslashes_are_left_out() -> None:
    """Python before 3.11.10 takes quadratic time to read them (CVE-2024-7592), and the hub sets none."""
    environ = environ_with(cookie='first=1; a="' + "\\\\" * 30_000 + '"; zone="Europe/Berlin"; b="\\073"')
    assert WSGIRequest(environ).COOKIES == {"first": "1", "zone": "Europe/Berlin"}


def test_usual_media_types_stay_as_they_are() -> None:
    headers = {
        "content_type": 'multipart/form-data; boundary="a b"',
        "accept": "text/html,application/xml;q=0.9,*/*;q=0.8",
        "content_disposition": "attachment; filename*=UTF-8''%E2%82%AC.bin",
    }
    environ = environ_with(**headers)
    assert [environ[name] for name in ("CONTENT_TYPE", "HTTP_ACCEPT", "HTTP_CONTENT_DISPOSITION")] == [
        *headers.values()
    ]


def test_encoded_query_stays_as_it_is() -> None:
    query = "a=%C3%BC&b=1+2&c=%2B&d[]=~!$'()*,;:@/?=%"
    assert query_of(query) == query
    assert query_of(f"{query}&e=ü") == f"{query}&e=%C3%BC"
