"""The token of a source opens the files of that source, and nothing else that its owner can see.

Authors of releases can link any URL. With the token of the person who imports, a link to another project on the same
host would publish what only that person can read.
"""

from __future__ import annotations

from typing import Any

import pytest

from releasehub.importing.sources.base import SourceSettings
from releasehub.importing.sources.registry import kind_named
from tests.importing.hosts import TOKEN, Host
from tests.importing.standins.gitlab import PROJECT, GitLabStandin, some_gitlab
from tests.importing.standins.server import SECRET, running

pytestmark = pytest.mark.embedded
API = "https://git.example.com/api/v1"


def source_of(kind: str, address: str = "acme/tool", api_url: str = API, token: str = TOKEN) -> Any:
    return kind_named(kind).build(SourceSettings(address, api_url, token))


@pytest.mark.parametrize(
    ("path", "is_own"),
    [
        ("/acme/tool/releases/download/v1/tool.zip", True),
        ("/ACME/Tool/releases/download/v1/tool.zip", True),
        ("/attachments/0b3c5d1e-0000-4000-8000-000000000000", True),
        ("/acme/secret/releases/download/v1/tool.zip", False),
        ("/acme/tool/releases/download/../../../secret/raw/branch/main/key", False),
        ("/acme/tool/releases/download/%2e%2e/%2E%2E/secret/key", False),
        ("/acme/tool/releases/download/..%2f..%2fsecret", False),
        ("/api/v1/repos/acme/secret/raw/key.pem", False),
        ("/api/v1/user/emails", False),
        ("/acme/secret/archive/main.zip", False),
    ],
)
def test_gitea_asset_elsewhere_on_the_host_gets_no_token(path: str, is_own: bool) -> None:
    row = {"id": 1, "name": "tool.zip", "browser_download_url": f"https://git.example.com{path}"}
    assert source_of("gitea").asset(row).sends_token is is_own


@pytest.mark.parametrize(
    ("url", "is_own"),
    [
        (f"{API}/repos/acme/tool/releases/assets/7", True),
        ("https://git.example.com:443/api/v1/repos/new/name/releases/assets/7", True),
        (f"{API}/repos/acme/secret/contents/key.pem", False),
        (f"{API}/repos/acme/tool/releases/assets/../../actions/secrets", False),
        ("http://git.example.com/api/v1/repos/acme/tool/releases/assets/7", False),
        ("https://git.example.com.evil.example/api/v1/repos/acme/tool/releases/assets/7", False),
        ("https://evil.example/api/v1/repos/acme/tool/releases/assets/7", False),
    ],
)
def test_github_token_is_for_assets_only(url: str, is_own: bool) -> None:
    assert source_of("github").asset({"id": 7, "name": "tool.zip", "url": url}).sends_token is is_own


@pytest.mark.parametrize(
    ("path", "is_own"),
    [
        (f"/projects/{PROJECT.replace('/', '%2F')}/packages/generic/app/1.0/app.bin", True),
        ("/projects/77/packages/generic/app/1.0/app.bin", True),
        ("/projects/77/jobs/artifacts/main/raw/app.bin?job=build", True),
        ("/projects/77/variables", False),
        ("/projects/77/packages/../variables", False),
        ("/projects/78/packages/generic/app/1.0/app.bin", False),
        ("/projects/acme%2Fsecret/repository/archive.zip", False),
        ("/personal_access_tokens", False),
    ],
)
def test_gitlab_link_to_another_project_gets_no_token(settings: Any, path: str, is_own: bool) -> None:
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.1/32"]
    standin = GitLabStandin(secret_header="", project_id=77)
    with running(standin):
        some_gitlab(standin)
        source = source_of("gitlab", PROJECT, standin.api, SECRET)
        asset = source.asset({"id": 1, "name": "app.bin", "url": f"{standin.api}{path}"})
        assert asset.sends_token is is_own
        assert not any("/projects/78" in seen for seen in standin.secrets_seen())


def test_links_of_mc_dm_and_xenforo_get_no_token() -> None:
    mc_dm = source_of("mc-dm", "42")
    link = {"file_id": 5, "filename": "a.zip", "is_link_only": True, "external_url": f"{API}/mc-dm-files/9/download/"}
    assert mc_dm.asset(link).sends_token is False
    assert mc_dm.asset({"file_id": 5, "filename": "a.zip"}).sends_token is True
    xenforo = source_of("xenforo", "42")
    version = {"resource_version_id": 1, "version_string": "1", "download_url": f"{API}/conversations/"}
    link_asset, file_asset = xenforo._assets({**version, "files": [{"id": 1, "filename": "a.zip"}]})
    assert (link_asset.sends_token, file_asset.sends_token) == (False, True)


def test_request_without_leave_carries_no_token_to_the_host_of_the_source(host: Host) -> None:
    source = source_of("github", api_url=host.api)
    for sends_token in (False, True):
        with source.http.open(f"{host.api}/repos/acme/tool/releases/assets/11", sends_token=sends_token) as opened:
            assert b"".join(opened.chunks) == b"one" * 100
        assert ("authorization" in host.seen[-1][1]) is sends_token
