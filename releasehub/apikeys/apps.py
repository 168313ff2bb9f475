"""The Django app of API keys."""

from django.apps import AppConfig


class ApiKeysConfig(AppConfig):
    name = "releasehub.apikeys"
    label = "apikeys"
    verbose_name = "API keys"
