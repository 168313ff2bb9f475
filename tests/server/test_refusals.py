"""Requests whose body the server refuses are answered in the form of their dialect."""

from __future__ import annotations

import zlib
from typing import Any

import pytest
from django.test import Client

from releasehub.server.refusals import REFUSAL, Refusal

SLOW = "The request body did not arrive in time. Send it again over a faster connection."
BUSY = "The hub is answering too many requests at the moment. Try again in a few seconds."
CUT = (
    "The chunked body broke off, or has trailer fields, which the hub does not read. Send it with a Content-Length "
    "header, or without trailer fields."
)
FULL = "Too many uploads are arriving at the same time. Try again in a few seconds."
BODIES: dict[str, tuple[str, Any]] = {
    "mc-dm": ("/api/mc-dm-files/", lambda code, text: {"errors": [{"code": code, "message": text, "params": []}]}),
    "native": ("/api/uploads/", lambda code, text: {"errors": [{"code": code, "message": text, "params": []}]}),
    "v3": ("/v3/releases", lambda code, text: {"message": text, "code": code}),
    "engine": ("/version", lambda code, text: {"error": code, "description": text}),
    "entity": ("/api/entities", lambda code, text: {"error": code, "message": text}),
}
CODES = {
    "mc-dm": ("request_too_slow", "length_required", "too_many_uploads", "overloaded"),
    "native": ("request_too_slow", "length_required", "too_many_uploads", "overloaded"),
    "v3": ("BODY_TOO_SLOW", "LENGTH_REQUIRED", "TOO_MANY_UPLOADS", "OVERLOADED"),
    "engine": ("too_slow", "length_required", "too_many_uploads", "overloaded"),
    "entity": ("too_slow", "length_required", "too_many_uploads", "overloaded"),
}


def refused(path: str, refusal: Refusal, **headers: str) -> Any:
    environ: dict[str, Any] = {REFUSAL: refusal}
    return Client(headers=headers).post(path, b"", "application/json", **environ)


@pytest.mark.parametrize("dialect", BODIES)
def test_each_api_shows_the_refusal_in_its_format(dialect: str) -> None:
    (path, body), (slow, cut, full, busy) = BODIES[dialect], CODES[dialect]
    answer = refused(path, Refusal.TOO_SLOW)
    assert (answer.status_code, answer.json()) == (408, body(slow, SLOW))
    answer = refused(path, Refusal.INCOMPLETE)
    assert (answer.status_code, answer.json()) == (411, body(cut, CUT))
    answer = refused(path, Refusal.TOO_MANY_UPLOADS)
    assert (answer.status_code, answer.json(), answer["Retry-After"]) == (503, body(full, FULL), "5")
    answer = refused(path, Refusal.OVERLOADED)
    assert (answer.status_code, answer.json(), answer["Retry-After"]) == (503, body(busy, BUSY), "5")
    for name in ("X-Request-Id", "Content-Security-Policy", "X-Content-Type-Options"):
        assert answer[name]
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("refusal", "status", "text"),
    [
        ("TOO_SLOW", 408, SLOW),
        ("INCOMPLETE", 411, "The request broke off before its body was complete. Send it again."),
        ("TOO_MANY_UPLOADS", 503, FULL),
        ("OVERLOADED", 503, BUSY),
    ],
)
def test_page_shows_the_refusal_as_html_or_json(refusal: str, status: int, text: str) -> None:
    answer = refused("/sign-in/", Refusal[refusal], Accept="text/html")
    assert (answer.status_code, answer["Content-Type"]) == (status, "text/html; charset=utf-8")
    assert text in answer.content.decode()
    answer = refused("/sign-in/", Refusal[refusal], Accept="application/json")
    assert (answer.status_code, answer.json()["message"]) == (status, text)


PACKED = "The request body is compressed. Send it without compression and without the header Content-Encoding."
PACKED_CODES = {"v3": "UNSUPPORTED_ENCODING"}


@pytest.mark.parametrize("coding", ["gzip", "deflate", "BR", "identity, zstd", "aws-chunked"])
@pytest.mark.parametrize("dialect", BODIES)
def test_compressed_bodies_are_refused(dialect: str, coding: str) -> None:
    path, body = BODIES[dialect]
    headers = {"Content-Encoding": coding}
    answer = Client(headers=headers).post(path, zlib.compress(b"{}"), "application/json")
    code = PACKED_CODES.get(dialect, "unsupported_encoding")
    assert (answer.status_code, answer.json()) == (415, body(code, PACKED))
    assert answer["Accept-Encoding"] == "identity"


def test_compressed_forms_of_pages_are_refused() -> None:
    answer = Client(headers={"Content-Encoding": "gzip", "Accept": "text/html"}).post("/sign-in/", b"x", "text/plain")
    assert (answer.status_code, PACKED in answer.content.decode()) == (415, True)


@pytest.mark.django_db
@pytest.mark.parametrize("coding", ["identity", "utf-8", ""])
def test_other_values_of_the_content_encoding_are_ignored(coding: str) -> None:
    """Some programs state the encoding of their text, and some send the header without any body."""
    answer = Client(headers={"Content-Encoding": coding}).post("/v3/releases", b"{}", "application/json")
    assert answer.status_code == 401
    assert Client(headers={"Content-Encoding": "gzip"}).get("/v3/products").status_code == 401


@pytest.mark.django_db
def test_client_header_cannot_trigger_a_refusal() -> None:
    """The reason comes from the server's environment, whose names no header can have."""
    assert Client(headers={REFUSAL: Refusal.TOO_SLOW}).get("/").status_code == 200
