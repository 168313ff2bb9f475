"""Who lifts the moderation of a download."""

from __future__ import annotations

import pytest

from downloads.models import Download
from downloads.services import restore_download, update_download
from releasehub.core.actor import Actor
from releasehub.publishing.deletion import delete_download
from tests.factories import make_download, make_user, system

pytestmark = [pytest.mark.django_db, pytest.mark.embedded]


def test_deleting_and_restoring_a_download_does_not_lift_its_moderation() -> None:
    owner = Actor(user=make_user())
    download = make_download(owner.user)
    update_download(actor=system(), download=download, state=Download.State.MODERATED)
    delete_download(actor=owner, download=download)
    assert restore_download(actor=owner, download=download).state == Download.State.MODERATED
    delete_download(actor=owner, download=download)
    assert restore_download(actor=system(), download=download).state == Download.State.VISIBLE
