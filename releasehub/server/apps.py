"""Django app configuration of the server."""

from django.apps import AppConfig


class ServerConfig(AppConfig):
    name = "releasehub.server"
    label = "server"
