"""Django app configuration of the pages."""

from django.apps import AppConfig


class PagesConfig(AppConfig):
    name = "releasehub.pages"
    label = "pages"
