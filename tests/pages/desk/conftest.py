"""An author with a download, and a client that is signed in as that author."""

from __future__ import annotations

import pytest
from django.test import Client

from downloads.models import Download
from releasehub.accounts.models import User
from tests.factories import make_download, make_user


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def download() -> Download:
    return make_download(make_user("ann"), title="Tool")


@pytest.fixture
def author(download: Download) -> Client:
    return client_of(download.owner)
