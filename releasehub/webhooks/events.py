"""The types of events."""

from django.db import models


class EventType(models.TextChoices):
    DOWNLOAD_CREATED = "download.created"
    DOWNLOAD_UPDATED = "download.updated"
    DOWNLOAD_DELETED = "download.deleted"
    DOWNLOAD_RESTORED = "download.restored"
    VERSION_CREATED = "version.created"
    VERSION_UPDATED = "version.updated"
    VERSION_PUBLISHED = "version.published"
    VERSION_UNPUBLISHED = "version.unpublished"
    VERSION_YANKED = "version.yanked"
    VERSION_UNYANKED = "version.unyanked"
    VERSION_ACTIVATED = "version.activated"
    VERSION_ARCHIVED = "version.archived"
    VERSION_DELETED = "version.deleted"
    VERSION_RESTORED = "version.restored"
    FILE_CREATED = "file.created"
    FILE_UPDATED = "file.updated"
    FILE_VALIDATED = "file.validated"
    FILE_REJECTED = "file.rejected"
    FILE_DELETED = "file.deleted"
    FILE_RESTORED = "file.restored"
    FILE_QUARANTINED = "file.quarantined"
    FILE_UNQUARANTINED = "file.unquarantined"
    COMMENT_CREATED = "comment.created"
    COMMENT_UPDATED = "comment.updated"
    COMMENT_APPROVED = "comment.approved"
    COMMENT_DELETED = "comment.deleted"
    COMMENT_RESTORED = "comment.restored"
    REVIEW_CREATED = "review.created"
    REVIEW_UPDATED = "review.updated"
    REVIEW_APPROVED = "review.approved"
    REVIEW_DELETED = "review.deleted"
    REVIEW_RESTORED = "review.restored"
    TRAFFIC_STARTED = "traffic.started"
    TRAFFIC_COMPLETED = "traffic.completed"
    TRAFFIC_FAILED = "traffic.failed"
    TRAFFIC_GATE_PASSED = "traffic.gate_passed"
    TRAFFIC_GATE_FAILED = "traffic.gate_failed"
    TRAFFIC_GATE_ALL_PASSED = "traffic.gate_all_passed"
    ENDPOINT_TEST = "endpoint.test"  # sent to one endpoint at the request of its owner


def event_choices() -> list[tuple[str, str]]:
    """Return the choices of the model field. The field gets this function, so that a new type needs no migration."""
    return EventType.choices
