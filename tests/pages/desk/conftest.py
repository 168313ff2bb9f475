"""An author with a download, and a client that is signed in as that author."""

from __future__ import annotations

import pytest
from django.test import Client

from downloads.models import Download
from tests.factories import make_download, make_user
from tests.sessions import signed_in


@pytest.fixture
def download() -> Download:
    return make_download(make_user("ann"), title="Tool")


@pytest.fixture
def author(download: Download) -> Client:
    return signed_in(download.owner)
