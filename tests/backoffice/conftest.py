"""The people who use the admin in most tests."""

from __future__ import annotations

import pytest
from django.test import Client

from tests.factories import make_user
from tests.sessions import signed_in


@pytest.fixture
def root() -> Client:
    """Return a superuser."""
    return signed_in(make_user("root", is_staff=True, is_superuser=True))
