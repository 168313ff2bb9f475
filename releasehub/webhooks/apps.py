"""The Django app of webhooks."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    name = "releasehub.webhooks"

    def ready(self) -> None:
        from releasehub.accounts.personal_data import register_eraser, register_possession, register_trace_eraser
        from releasehub.webhooks.personal_data import ENDPOINTS, disable_endpoints, rename_in_events

        register_possession(ENDPOINTS)
        register_eraser(disable_endpoints)
        register_trace_eraser(rename_in_events)
