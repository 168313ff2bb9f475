"""One running hub for the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hubs import Hub, start


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    running = start(tmp_path_factory.mktemp("hub"))
    try:
        yield running
    finally:
        running.end()
