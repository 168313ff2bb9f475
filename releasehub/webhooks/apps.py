"""The Django app of webhooks."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "releasehub.webhooks"
    label = "webhooks"

    def ready(self) -> None:
        from releasehub.accounts.personal_data import register_eraser, register_trace_eraser
        from releasehub.accounts.possessions import register_possession
        from releasehub.webhooks.leaving import disable_endpoints, rename_in_events
        from releasehub.webhooks.possessions import ENDPOINTS

        register_possession(ENDPOINTS)
        register_eraser(disable_endpoints)
        register_trace_eraser(rename_in_events)
