"""One running hub for the tests of a module, and a relay in front of the S3 server of the tests."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.hubs import Hub, start
from tests.live.relay import Relay


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    running = start(tmp_path_factory.mktemp("hub"))
    try:
        yield running
    finally:
        running.end()


@pytest.fixture
def relay() -> Iterator[Relay]:
    host, _, port = os.environ["AWS_S3_ENDPOINT_URL"].partition("://")[2].partition(":")
    running = Relay((host, int(port)))
    yield running
    running.close()
