from django.apps import AppConfig


class DistributionConfig(AppConfig):
    name = "releasehub.distribution"
