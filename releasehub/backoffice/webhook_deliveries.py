"""Admin of webhook deliveries."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from unfold.decorators import display

from releasehub.backoffice.actions import ActionAdmin
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.permissions import may_read_webhooks
from releasehub.backoffice.read_only import ReadOnlyInline
from releasehub.backoffice.row_actions import RowAction
from releasehub.core.actor import Actor
from releasehub.core.policy import Policy
from releasehub.webhooks import replays
from releasehub.webhooks.models import Attempt, Delivery
from releasehub.webhooks.policies import endpoint_policy
from releasehub.webhooks.querysets import endpoints_readable_in_admin

DELIVERY_COLORS = {"pending": "info", "delivered": "success", "failed": "danger", "cancelled": "warning"}


class AttemptsInline(ReadOnlyInline):
    model = Attempt


class DeliveryPolicy(Policy[Delivery]):
    """The policy of deliveries, which applies the policy of their endpoint. Deliveries are replayed, never changed."""

    def can_view(self, actor: Actor, target: Delivery) -> bool:
        return endpoint_policy.can_read_in_admin(actor, target.endpoint)

    def can_edit(self, actor: Actor, target: Delivery) -> bool:
        return False

    def can_replay(self, actor: Actor, target: Delivery) -> bool:
        return endpoint_policy.can_change(actor, target.endpoint)


@admin.register(Delivery)
class DeliveryAdmin(ActionAdmin):
    policy = DeliveryPolicy()
    list_display = ("webhook_id", "event", "endpoint", "shown_state", "attempt_count", "next_attempt_at", "created_at")
    list_filter = ("state", "format", "created_at")
    list_select_related = ("endpoint", "event")
    search_fields = ("webhook_id", "endpoint__url")
    fields = ("webhook_id", "event", "endpoint", "state", "attempt_count", "next_attempt_at", "created_at")
    inlines = (AttemptsInline,)
    row_actions = (
        RowAction(
            name="replay",
            label="Replay",
            done="replayed",
            run=lambda actor, row, reason: replays.replay_delivery(actor=actor, delivery=row),
        ),
    )

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = Delivery.objects.filter(endpoint__in=endpoints_readable_in_admin(admin_actor(request)))
        return rows.select_related("endpoint", "event").order_by("-id")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) and (
            obj is not None or may_read_webhooks(admin_actor(request))
        )

    @display(description="state", label=DELIVERY_COLORS)
    def shown_state(self, row: Delivery) -> str:
        return str(row.state)
