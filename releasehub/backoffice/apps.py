from django.apps import AppConfig


class BackofficeConfig(AppConfig):
    name = "releasehub.backoffice"
    label = "backoffice"
