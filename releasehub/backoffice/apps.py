"""Django app configuration of the admin."""

from django.apps import AppConfig
from django.contrib.admin import apps as django_admin


class BackofficeConfig(AppConfig):
    name = "releasehub.backoffice"
    label = "backoffice"
    default = True


class HubAdminConfig(django_admin.AdminConfig):
    """Django's admin app with the project's own admin site (see "Overriding the default admin site" in its docs)."""

    default_site = "releasehub.backoffice.site.HubAdminSite"
    default = False
