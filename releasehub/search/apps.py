from django.apps import AppConfig


class SearchConfig(AppConfig):
    name = "releasehub.search"
    label = "search"
