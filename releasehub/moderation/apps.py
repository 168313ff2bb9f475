from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "releasehub.moderation"

    def ready(self) -> None:
        from releasehub.accounts.personal_data import register_eraser
        from releasehub.moderation.assignments import drop_assignments

        register_eraser(drop_assignments)
