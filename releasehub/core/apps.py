"""The Django app of the shared code."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "releasehub.core"
    label = "core"

    def ready(self) -> None:
        from releasehub.core import checks  # noqa: F401
