"""Paths of releases as Git hosts write them."""

from __future__ import annotations

import pytest

from downloads.models import Download
from releasehub.accounts.models import User
from releasehub.distribution.web_addresses import asset_path, latest_asset_path, release_path, web_path

pytestmark = pytest.mark.embedded
DOWNLOAD = Download(slug="importer", owner=User(username="ann@example.com"))
OF_ADMIN = Download(pk=7, slug="importer", owner=User(username="admin"))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (web_path(DOWNLOAD), "/ann%40example.com/importer"),
        (release_path(DOWNLOAD, "v1.2"), "/ann%40example.com/importer/releases/tag/v1.2"),
        (release_path(DOWNLOAD, "cli/v1.2+b1"), "/ann%40example.com/importer/releases/tag/cli%2Fv1.2+b1"),
        (
            asset_path(DOWNLOAD, "@acme/tool@1.2", "a b#ü.zip"),
            "/ann%40example.com/importer/releases/download/@acme%2Ftool@1.2/a%20b%23%C3%BC.zip",
        ),
        (latest_asset_path(DOWNLOAD, "tool.zip"), "/ann%40example.com/importer/releases/latest/download/tool.zip"),
    ],
)
def test_names_are_quoted(path: str, expected: str) -> None:
    assert path == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (web_path(OF_ADMIN), "/downloads/importer.7/"),
        (release_path(OF_ADMIN, "cli/v1.2"), "/downloads/importer.7/cli%2Fv1.2/"),
        (asset_path(OF_ADMIN, "cli/v1.2", "tool.zip"), "/d/importer/cli%2Fv1.2/tool.zip"),
        (latest_asset_path(OF_ADMIN, "tool.zip"), "/d/importer/latest/tool.zip"),
    ],
)
def test_owner_with_the_name_of_a_page_gets_the_links_of_the_hub(path: str, expected: str) -> None:
    assert path == expected
