"""Django app configuration of the admin."""

from typing import Any

from django.apps import AppConfig
from django.apps import apps as global_apps
from django.apps.registry import Apps
from django.contrib.admin import apps as django_admin
from django.db.models.signals import post_migrate


def create_roles(apps: Apps = global_apps, **kwargs: Any) -> None:
    """Create the roles of staff after a migration, when the permissions of all apps exist.

    Django sends its signal for each app in the order of INSTALLED_APPS. This app comes after those with permissions.
    """
    from releasehub.accounts.staff_roles import create_staff_roles

    if "staffrole" in apps.all_models["accounts"]:  # migrations were undone to a state before the roles existed
        create_staff_roles()


class BackofficeConfig(AppConfig):
    name = "releasehub.backoffice"
    label = "backoffice"
    default = True

    def ready(self) -> None:
        from releasehub.accounts.personal_data import register_eraser
        from releasehub.backoffice.personal_data import delete_saved_filters, rename_in_history

        register_eraser(rename_in_history)
        register_eraser(delete_saved_filters)
        post_migrate.connect(create_roles, sender=self)


class HubAdminConfig(django_admin.AdminConfig):
    """Django's admin app with the project's own admin site (see "Overriding the default admin site" in its docs)."""

    default_site = "releasehub.backoffice.site.HubAdminSite"
    default = False
