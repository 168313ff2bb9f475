"""Publish the first version of a download together with its page."""

from django.db import transaction

from downloads.models import Download
from downloads.services import update_download
from releasehub.core.actor import Actor
from releasehub.publishing.lifecycle import move
from releasehub.publishing.transitions import Move
from versions.models import Version


@transaction.atomic
def publish_with_page(*, actor: Actor, version: Version) -> Version:
    """Publish the version and take its download out of the draft state, or do neither.

    Raises:
        DomainError: As `lifecycle.move` and `update_download`.
    """
    update_download(actor=actor, download=version.download, state=Download.State.VISIBLE)
    return move(Move.PUBLISH, actor=actor, version=version)
