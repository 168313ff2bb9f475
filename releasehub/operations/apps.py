from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "releasehub.operations"
    label = "operations"
