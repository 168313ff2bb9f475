from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from downloads.models import Download
from releasehub.importing.models import ImportRun, ImportSource
from releasehub.importing.running import work
from releasehub.importing.services import add_source, start_run
from tests.factories import make_download, system
from tests.importing.hosts import Host, running, some_releases


@pytest.fixture
def host(settings: Any) -> Iterator[Host]:
    """A stand-in of GitHub with three releases, which this test may connect to."""
    settings.WEBHOOK_ALLOW_NETS = ["127.0.0.1/32"]
    with running(Host(releases=some_releases())) as host:
        yield host


@pytest.fixture
def download(db: None) -> Download:
    return make_download(slug="tool")


@pytest.fixture
def source(host: Host, download: Download) -> ImportSource:
    return add_source(
        actor=system(), download=download, kind="github", address="acme/tool", api_url=host.api, is_command=True
    )


@pytest.fixture
def run(source: ImportSource) -> Callable[..., ImportRun]:
    """Return a function that runs the import once, until it ends or waits."""

    def run(**options: Any) -> ImportRun:
        started = start_run(actor=system(), source=source, **options)
        done = work(started.pk)
        assert done is not None
        return done

    return run
