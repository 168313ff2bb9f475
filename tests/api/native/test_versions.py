"""`/api/versions/{id}/security`: only keys that were made for it mark security releases."""

from __future__ import annotations

from typing import Any

import pytest

from releasehub.apikeys.scopes import Scope
from releasehub.apikeys.tokens import issue_token
from tests.conftest import ApiClient
from tests.factories import make_download, make_key, make_user, make_version
from versions.models import Version

pytestmark = pytest.mark.django_db

EVERY_OTHER_SCOPE = [scope for scope in Scope.values if scope != Scope.VERSION_MARK_SECURITY]


def mark(client: ApiClient, version: Version, body: Any = None, identifier: str = "") -> Any:
    path = f"/api/versions/{identifier or version.public_id}/security"
    return client.send("put", path, {"is_security_release": True} if body is None else body)


@pytest.fixture
def version() -> Version:
    return make_version(files=1)


def marker(version: Version) -> ApiClient:
    return ApiClient(make_key(version.download.owner, scopes=[Scope.VERSION_MARK_SECURITY]))


def test_a_key_with_the_scope_marks_and_unmarks(version: Version) -> None:
    shown = mark(marker(version), version).json()["version"]
    assert (shown["number"], shown["is_security_release"]) == (version.number, True)
    assert shown["published_at"] <= shown["public_since"]
    answer = mark(marker(version), version, {"is_security_release": False, "reason": "by mistake"}, str(version.pk))
    assert answer.json()["version"]["is_security_release"] is False


def test_a_key_with_every_other_scope_cannot_mark(version: Version) -> None:
    client = ApiClient(make_key(version.download.owner, scopes=EVERY_OTHER_SCOPE))
    answer = mark(client, version)
    assert (answer.status_code, "version:mark_security" in answer.content.decode()) == (403, True)
    version.refresh_from_db()
    assert not version.is_security_release


def test_the_scope_does_not_replace_the_right(version: Version) -> None:
    stranger = ApiClient(make_key(make_user(), scopes=[Scope.VERSION_MARK_SECURITY]))
    assert mark(stranger, version).status_code == 403
    assert mark(ApiClient(), version).status_code == 401
    assert mark(marker(version), version, identifier="9" * 9).status_code == 404
    assert mark(marker(version), version, {"is_security_release": "maybe"}).status_code == 400


def test_strangers_do_not_learn_that_a_hidden_version_exists() -> None:
    """The fields are checked after the right to see the version."""
    hidden = make_version(make_download(visibility="private"), files=1)
    stranger = ApiClient(make_key(make_user(), scopes=[Scope.VERSION_MARK_SECURITY]))
    assert mark(stranger, hidden, {"is_security_release": "maybe"}).status_code == 404


def test_people_who_signed_in_may_mark(version: Version) -> None:
    token = ApiClient(issue_token(version.download.owner))
    assert mark(token, version).status_code == 200


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("put", "/api/mc-dm-versions/{id}/", {"is_security_release": True}),
        ("patch", "/v3/releases/{public_id}", {"is_security_release": True, "isSecurityRelease": True}),
        ("patch", "/version/{public_id}", {"data": {"is_security_release": True}}),
    ],
)
def test_no_other_dialect_marks(version: Version, settings: Any, verb: str, path: str, body: Any) -> None:
    settings.ENGINE_DOWNLOAD = version.download.slug
    client = ApiClient(make_key(version.download.owner))
    client.send(verb, path.format(id=version.pk, public_id=version.public_id), body)
    version.refresh_from_db()
    assert not version.is_security_release
