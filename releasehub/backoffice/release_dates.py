"""The date in lists of versions."""

from datetime import datetime

from unfold.decorators import display

from versions.models import Version


class ReleaseDateMixin:
    """A column with the date of the publication, which lies ahead for scheduled versions and is missing for drafts.

    `released_at` itself is the date of the creation until then, because lists sort by it.
    """

    @display(description="released", ordering="released_at")
    def release_date(self, row: Version) -> datetime | None:
        if row.state == Version.State.SCHEDULED:
            return row.publish_at
        return row.released_at if row.published_at else None
