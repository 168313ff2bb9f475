from django.apps import AppConfig


class DemoConfig(AppConfig):
    name = "releasehub.demo"
    label = "demo"
