from django.apps import AppConfig


class ImportingConfig(AppConfig):
    name = "releasehub.importing"
    label = "importing"
    verbose_name = "Importing"
