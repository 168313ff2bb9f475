"""Django app configuration of the server."""

from django.apps import AppConfig


class ServerConfig(AppConfig):
    name = "releasehub.server"

    def ready(self) -> None:
        from releasehub.core.loading import resume_collections
        from releasehub.server import checks  # noqa: F401

        resume_collections()
