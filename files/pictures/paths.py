"""The paths of the icon and the cover, which are repeated in the row of the download, and the event of their change."""

from typing import Any

from django.db import models

from downloads.models import Download
from files.models import Picture
from releasehub.core.actor import Actor
from releasehub.core.sql_templates import SAMPLE_ID, SqlTemplate
from releasehub.webhooks import services as webhooks
from releasehub.webhooks.events import EventType

SIZES = "sizes__blob"
REPEATED = (Picture.Kind.ICON, Picture.Kind.COVER)


def repeat_paths(download: Download) -> None:
    """Store the paths of the icon and the cover in the row of the download, of which the caller holds the lock."""
    rows = with_sizes(Picture.objects.filter(download=download, kind__in=REPEATED))
    download.pictures = {picture.kind: shown(picture) for picture in rows}
    download.save(update_fields=["pictures", "updated_at"])


def with_sizes(pictures: models.QuerySet[Picture]) -> models.QuerySet[Picture]:
    """Load the sizes with their paths, with two more queries."""
    return pictures.prefetch_related(SIZES)


def screenshots_of(download: Download) -> list[Picture]:
    """Return the screenshots in their order, with all that `shown` needs."""
    pictures = _screenshots.rows(download=download.pk)
    models.prefetch_related_objects(pictures, SIZES)
    return pictures


def path_in_text(picture: Picture) -> str:
    """Return the path of the largest size, under which a text in Markdown shows the picture."""
    return max(picture.sizes.select_related("blob", "picture"), key=lambda size: size.width).path


def shown(picture: Picture) -> dict[str, Any]:
    """Return what a page needs to show a picture whose sizes are loaded: path, width and height, the smallest first."""
    sizes = [[size.path, size.width, size.height] for size in picture.sizes.all()]
    return {"alt": picture.alt_text, "sizes": sizes}


_screenshots: SqlTemplate[Picture] = SqlTemplate(
    lambda download: Picture.objects.filter(download=download, kind=Picture.Kind.SCREENSHOT), download=SAMPLE_ID
)


def announce_pictures(actor: Actor, download: Download) -> None:
    """Repeat the paths in the row of the download, which the caller has locked, and publish the event of its change."""
    repeat_paths(download)
    webhooks.publish(actor=actor, event=EventType.DOWNLOAD_UPDATED, target=download)
