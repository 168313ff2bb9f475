"""Release notes and the changelog of a version: interfaces with one text for the changes show either of the two."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from tests.conftest import ApiClient
from tests.factories import make_download, make_file, make_key, make_user, make_version
from versions.models import Version

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def paths_of(version: Version) -> dict[str, str]:
    """Return the URL and the name of the text of each API that has only one."""
    repository = f"/api/v3/repos/{version.download.owner.username}/{version.download.slug}"
    return {
        f"/version/{version.public_id}": "changelog",
        f"/v3/releases/{version.public_id}": "notes",
        f"{repository}/releases/{version.pk}": "body",
    }


@pytest.mark.parametrize("field", ["release_notes", "changelog"])
def test_every_api_shows_and_changes_the_text_that_a_version_has(field: str) -> None:
    owner = make_user()
    version = make_version(make_download(owner), **{field: "Fixed it."})
    make_file(version)
    client = ApiClient(make_key(owner))
    for path, name in paths_of(version).items():
        assert client.get(path).json()[name] == "Fixed it.", path
    for path, name in paths_of(version).items():
        assert client.send("patch", path, {name: path}).json()[name] == path
        assert [client.get(other).json()[name] for other, name in paths_of(version).items()] == [path] * 3
    version.refresh_from_db()
    assert sorted([version.release_notes, version.changelog]) == ["", getattr(version, field)]


def test_every_api_shows_the_text_that_it_names_if_there_are_both() -> None:
    owner = make_user()
    version = make_version(make_download(owner), release_notes="News", changelog="* Fixed it.")
    make_file(version)
    client = ApiClient(make_key(owner))
    shown: list[Any] = [client.get(path).json()[name] for path, name in paths_of(version).items()]
    assert shown == ["* Fixed it.", "News", "News"]


def test_a_changelog_is_in_update_checks_and_feeds() -> None:
    version = make_version(make_download(title="Tool"), "1.0.0", changelog="Fixed it.")
    make_file(version, name="tool-1.0.0.AppImage", platform="linux")
    client = Client()
    assert client.get("/api/updates/tool").json()["version"]["release_notes"] == "Fixed it."
    for path in ("/feeds/tool/electron/latest-linux.yml", f"{version.download.path}feed.atom"):
        assert "Fixed it." in client.get(path).content.decode(), path
