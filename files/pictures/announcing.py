"""Announce that the pictures of a download have changed."""

from downloads.models import Download
from files.pictures.paths import repeat_paths
from releasehub.core.actor import Actor
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType


def announce_pictures(actor: Actor, download: Download) -> None:
    """Repeat the paths in the row of the download, which the caller has locked, and publish the event of its change."""
    repeat_paths(download)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_UPDATED, target=download)
