"""Django app configuration of the admin."""

from django.apps import AppConfig
from django.contrib.admin import apps as django_admin


class BackofficeConfig(AppConfig):
    name = "releasehub.backoffice"
    label = "backoffice"
    default = True

    def ready(self) -> None:
        from releasehub.accounts.personal_data import register_eraser
        from releasehub.backoffice.leaving import rename_in_history

        register_eraser(rename_in_history)


class HubAdminConfig(django_admin.AdminConfig):
    """Django's admin app with the project's own admin site (see "Overriding the default admin site" in its docs)."""

    default_site = "releasehub.backoffice.site.HubAdminSite"
    default = False
