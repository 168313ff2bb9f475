from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.v3.shop import Shop, open_shop
from tests.conftest import Ready


@pytest.fixture(scope="module")
def ready_shop(make_ready: Any) -> Iterator[Ready]:
    with make_ready(open_shop) as made:
        yield made


@pytest.fixture
def shop(ready_shop: Ready, db: None) -> Shop:
    return ready_shop.take()
