"""The webhook endpoints and events of a user whose account is merged into another one or anonymized.

Endpoints that pass to another user depend on that user's rights then, and stop if the heir may not manage them.
"""

from typing import Any

from releasehub.accounts.models import User
from releasehub.accounts.personal_data import created_rows
from releasehub.audit.actions import AuditAction
from releasehub.core.actor import Actor
from releasehub.webhooks.disabling import disable_left
from releasehub.webhooks.models import Endpoint, Event

ENDPOINTS = created_rows(
    Endpoint, AuditAction.ENDPOINT_UPDATE, name="endpoints", label="webhook endpoints that the user created"
)


BATCH_ROWS = 500


def disable_endpoints(*, actor: Actor, user: User) -> None:
    """Disable every endpoint that the user created. The owners are notified, and may resume and so take it over."""
    for pk in Endpoint.objects.filter(created_by=user, disabled_at=None).order_by("pk").values_list("pk", flat=True):
        disable_left(pk)


def rename_in_events(user: User) -> bool:
    """Replace the name of the user in the snapshots of all events, which may be kept forever.

    Bodies of deliveries are not changed: receivers have them already, and they are deleted with the deliveries.
    """
    # The text of the JSON narrows the rows down in the database. It also finds longer ids; `_rename` leaves them alone.
    rows = Event.objects.filter(data__icontains=f'"user_id": {user.pk}').order_by("pk").only("pk", "data")
    last_pk = 0
    while batch := list(rows.filter(pk__gt=last_pk)[:BATCH_ROWS]):
        changed = [event for event in batch if _rename(event.data, user)]
        Event.objects.bulk_update(changed, ["data"])
        last_pk = batch[-1].pk
    return True


def _rename(value: Any, user: User) -> bool:
    """Replace the name in every object of the JSON that has the id of the user. Return whether anything changed."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    changes = sum(_rename(item, user) for item in items)
    if isinstance(value, dict) and value.get("user_id") == user.pk and "username" in value:
        changes += value["username"] != user.username
        value["username"] = user.username
    return bool(changes)
