"""No route stores a body, or continues to read it, before it knows that the caller may send it."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from django.core.files import uploadhandler
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve
from django.utils.regex_helper import normalize

from files.models import Blob, UploadSession
from files.uploads import handlers
from releasehub.api.dialects import is_api
from releasehub.api.v3.content_viewsets import V3ContentViewSet
from releasehub.apikeys.scopes import Scope
from tests.api.calling import chosen
from tests.conftest import ApiClient
from tests.factories import make_category, make_download, make_key, make_user, make_version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]
VERBS = ("POST", "PUT", "PATCH", "DELETE")
VALUES = ("1", "a" * 24, "msg_a_1")  # of parameters: a number or a name, a public id, the id of a delivery
BOUNDARY = "a-boundary"
# A parser reads in chunks. Reading more than the first few would be unnecessary.
MAX_READ_BYTES = 160 * 1024
FILE_BYTES = 200 * 1024


class CountingBody(io.BytesIO):
    """A request body that counts the bytes that were read."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


@pytest.fixture
def stored(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record every place where a body is stored."""
    places: list[str] = []

    def spy(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def called(*args: Any, **kwargs: Any) -> Any:
            places.append(f"{owner.__name__}.{name}")
            return real(*args, **kwargs)

        monkeypatch.setattr(owner, name, called)

    spy(handlers, "Receiver")
    spy(uploadhandler.TemporaryFileUploadHandler, "new_file")
    spy(uploadhandler.MemoryFileUploadHandler, "new_file")
    return places


@cache
def routes() -> list[str]:
    """Return a path for every view of the hub, with the first of `VALUES` that its parameters take.

    A view with several routes, such as one with and one without a slash at the end, reads bodies in one way.
    """
    found = set()

    def walk(patterns: Any, prefix: str, value: str) -> None:
        for entry in patterns:
            for text, names in normalize(entry.pattern.regex.pattern):
                path = prefix + text % dict.fromkeys(names, value)
                if isinstance(entry, URLResolver):
                    walk(entry.url_patterns, path, value)
                elif isinstance(entry, URLPattern):
                    found.add("/" + path)

    for value in VALUES:
        walk(get_resolver().url_patterns, "", value)
    paths = sorted((path for path in found if "%" not in path and _is_route(path)), key=len, reverse=True)
    return sorted({_view(path): path for path in paths}.values())


def _view(path: str) -> tuple[object, ...]:
    """Return what two paths have in common that lead to one view: the admin has a view of each kind for each model."""
    match = resolve(path)
    names = tuple(sorted(match.kwargs))
    if match.namespace == "admin":
        return (match.view_name.rpartition("_")[2], names)
    return (match.func, match.view_name, names)


@cache
def verbs_of(path: str) -> list[str]:
    """Return the verbs to try: those that a view of an API takes, POST, and one other, which differs between routes.

    A view of an API authenticates the caller before it looks at the verb, so one that it does not take is enough.
    """
    actions = getattr(resolve(path).func, "actions", None) or {}
    taken = [verb for verb in VERBS if verb == "POST" or verb.lower() in actions]
    others = [verb for verb in VERBS if verb not in taken]
    return [*taken, chosen(others, len(path))] if others else taken


def _is_route(path: str) -> bool:
    try:
        resolve(path)
    except Exception:  # an optional part of the pattern that is empty
        return False
    return True


def multipart(fields: dict[str, str] | None = None, *, size: int = FILE_BYTES) -> bytes:
    """Return a form with the file before the fields, which is the worst order for the server."""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="tool.bin"\r\n\r\n'
    rest = "".join(
        f'\r\n--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}'
        for name, value in (fields or {}).items()
    )
    return head.encode() + b"x" * size + rest.encode() + f"\r\n--{BOUNDARY}--\r\n".encode()


def send(client: Client, verb: str, path: str, body: bytes, **extra: Any) -> tuple[Any, int]:
    """Return the response, and how many bytes of the body were read."""
    payload = CountingBody(body)
    media = extra.pop("content_type", f"multipart/form-data; boundary={BOUNDARY}")
    client.raise_request_exception = False
    answer = client.generic(verb, path, body, media, **{"wsgi.input": payload}, **extra)
    return answer, payload.count


def test_route_walk_covers_every_interface() -> None:
    found = routes()
    assert len(found) > 100
    for path in ("/v3/accounts/login", "/account/sign-in/", "/admin/login/", "/api/mc-dm-files/", "/api/entities"):
        assert path in found
    views = {getattr(resolve(path).func, "cls", None) for path in found}
    assert V3ContentViewSet in views  # its routes take nothing but public ids


@pytest.mark.parametrize(
    ("media", "is_asked"),
    [(f"multipart/form-data; boundary={BOUNDARY}", lambda path: True), ("application/octet-stream", is_api)],
    ids=["form", "bytes"],
)
def test_nothing_of_a_body_is_stored_for_an_anonymous_visitor(
    stored: list[str], media: str, is_asked: Callable[[str], bool]
) -> None:
    """Only an API takes a body that is a file; a page knows forms."""
    # Pages answer errors as JSON, because rendering them as HTML took a third of the time.
    client, body = Client(enforce_csrf_checks=True, headers={"Accept": "application/json"}), multipart()
    for path in filter(is_asked, routes()):
        for verb in verbs_of(path):
            client.cookies.clear()
            answer, count = send(client, verb, path, body, content_type=media)
            assert answer.status_code < 500, f"{verb} {path}: {answer.status_code}"
            assert not stored, f"{verb} {path} was stored"
            assert count <= MAX_READ_BYTES, f"{verb} {path} read {count} bytes"


@pytest.mark.parametrize(
    ("scopes", "is_asked"),
    [(tuple(Scope.values), lambda path: True), ((Scope.WEBHOOK_READ,), is_api)],
    ids=["no-rights", "no-scope"],
)
def test_nothing_of_a_body_is_stored_for_a_key_without_the_right(
    stored: list[str], scopes: Any, is_asked: Callable[[str], bool]
) -> None:
    """Pages that take a body know no scopes, so only one of the keys is sent to them; it passes their CSRF check."""
    version = make_version(make_download(make_user()))
    client = ApiClient(make_key(scopes=scopes), HTTP_ACCEPT="application/json")
    body = multipart({"version_id": str(version.pk)})
    for path in filter(is_asked, routes()):
        for verb in verbs_of(path):
            answer, _ = send(client, verb, path, body)
            assert answer.status_code < 500, f"{verb} {path}: {answer.status_code}"
            assert not stored, f"{verb} {path} was stored"


def test_idempotent_replay_is_checked_before_the_body(stored: list[str]) -> None:
    """The fingerprint of `Idempotency-Key` reads the body before the view's own checks."""
    version = make_version()
    client = ApiClient(make_key())
    for verb, path in (
        ("POST", f"/api/mc-dm-files/?version_id={version.pk}"),
        ("PUT", f"/v3/{version.public_id}/a.bin"),
    ):
        answer, _ = send(client, verb, path, multipart(), headers={"Idempotency-Key": "once"})
        assert answer.status_code in {403, 404}
    assert not stored


@pytest.mark.parametrize("path", ["/v3/accounts/login", "/account/sign-in/", "/admin/login/", "/api/mc-dm-downloads/"])
def test_large_body_is_rejected_unread_on_routes_without_files(settings: Any, path: str) -> None:
    body = b"a=" + b"x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    for media in (f"multipart/form-data; boundary={BOUNDARY}", "application/x-www-form-urlencoded", "application/json"):
        answer, count = send(Client(), "POST", path, body, content_type=media)
        assert (answer.status_code, count) == (413, 0)


def test_route_without_files_rejects_a_file() -> None:
    client = ApiClient(make_key(make_user(is_superuser=True)))
    answer, _ = send(client, "POST", "/api/mc-dm-downloads/", multipart())
    assert answer.status_code == 400
    assert "does not accept a file" in answer.json()["errors"][0]["message"]


class TestTargetInTheForm:
    """The version of a new file is a field of the form, so the order of the fields matters."""

    def send(self, *, size: int, owner: Any, path: str = "/api/mc-dm-files/", **fields: str) -> Any:
        return send(ApiClient(make_key(owner)), "POST", path, multipart(fields, size=size))[0]

    def test_a_small_file_may_come_before_the_version(self) -> None:
        owner = make_user()
        version = make_version(make_download(owner, category=make_category()))
        answer = self.send(size=1000, owner=owner, version_id=str(version.pk))
        assert answer.status_code == 200, answer.content
        assert answer.json()["file"]["file_size"] == 1000

    def test_large_file_requires_version_id_first(self, stored: list[str]) -> None:
        owner = make_user()
        version = make_version(make_download(owner))
        size = handlers.MAX_WAITING_BYTES + 1
        answer = self.send(size=size, owner=owner, version_id=str(version.pk))
        assert answer.status_code == 400
        assert "before the file" in answer.json()["errors"][0]["message"]
        assert not stored
        path = f"/api/mc-dm-files/?version_id={version.pk}"
        assert self.send(size=size, owner=owner, path=path).status_code == 200

    @pytest.mark.parametrize("value", ["", "none", "1e3", "9" * 30])
    def test_non_numeric_version_id_is_rejected(self, stored: list[str], value: str) -> None:
        answer = self.send(size=10, owner=make_user(), version_id=value)
        assert answer.status_code in {400, 404}
        assert not stored
        assert not Blob.objects.exists()
        assert not UploadSession.objects.exists()
