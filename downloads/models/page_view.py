"""The model of views of the pages of downloads."""

from django.db import models
from django.db.models import Q

from downloads.models.download import Download


class PageView(models.Model):
    """A visitor who saw the page of a download in one hour. The unique constraint leaves out repeated views.

    `visitor` is a keyed hash that identifies a visitor for one day. `is_folded` marks views that are counted already.
    """

    download = models.ForeignKey(Download, db_index=False, on_delete=models.CASCADE, related_name="+")
    visitor = models.CharField(max_length=32)
    hour = models.DateTimeField()
    is_folded = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["download", "visitor", "hour"], name="page_view_once")]
        indexes = [
            models.Index(fields=["id"], name="page_view_waiting", condition=Q(is_folded=False)),
            models.Index(fields=["hour"], name="page_view_by_time"),
        ]

    def __str__(self) -> str:
        return f"Page of download {self.download_id} at {self.hour}"
