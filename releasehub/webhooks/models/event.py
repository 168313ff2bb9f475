"""Events: an outbox. Each is stored in the same transaction as the change it describes, and delivered afterwards."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from releasehub.core.models import PublicIdModel
from releasehub.webhooks.events import event_choices


class Event(PublicIdModel):
    """A change of an object.

    `data` is a snapshot of the object after the change. The bodies of deliveries are rendered from it. `sequence`
    counts the events of one object from 1. `position` is the position in the event stream. It is assigned after the
    commit, so that no event ever appears before a position that a client has already read. `request_id` is the id of
    the request that made the change, which receivers get as `X-Request-Id`.
    """

    type = models.CharField(max_length=40, choices=event_choices)
    object_type = models.CharField(max_length=40)
    object_id = models.BigIntegerField("object ID")
    sequence = models.PositiveBigIntegerField(default=0, editable=False)
    position = models.PositiveBigIntegerField(null=True, unique=True, editable=False)
    download_id = models.BigIntegerField("download ID", null=True)
    actor_id = models.BigIntegerField("actor ID", null=True)
    request_id = models.CharField("request ID", max_length=64, blank=True, db_default="", default="", editable=False)
    data = models.JSONField()
    occurred_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["object_type", "object_id", "id"], name="event_object"),
            models.Index(fields=["download_id", "id"], name="event_download"),
            models.Index(fields=["download_id", "position"], name="event_download_stream"),
            models.Index(fields=["id"], name="event_without_position", condition=Q(position=None)),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.object_type} {self.object_id}"

    @property
    def object_key(self) -> str:
        """Return a key that all events about the same object share."""
        return f"{self.object_type}:{self.object_id}"


class EventPruning(models.Model):
    """The only row says which old events were deleted.

    Attributes:
        checked_id: All events up to this ID were checked in the current pass; 0 after its end.
        deleted_position: The highest position in the event stream of a deleted event.
    """

    checked_id = models.PositiveBigIntegerField(default=0)
    deleted_position = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.deleted_position)


class TrafficSignal(models.Model):
    """The steps of one download of a file, until a worker turns them into events.

    Attributes:
        steps: An object for each traffic event, with its type and details.
    """

    download_id = models.BigIntegerField("download ID")
    version_id = models.BigIntegerField("version ID")
    file_id = models.BigIntegerField("file ID")
    steps = models.JSONField()
    occurred_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"Download of file {self.file_id}"
