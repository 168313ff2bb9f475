from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "releasehub.pages"
    label = "pages"
