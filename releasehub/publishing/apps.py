from django.apps import AppConfig


class PublishingConfig(AppConfig):
    name = "releasehub.publishing"
    label = "publishing"
    verbose_name = "Publishing"
