"""Base classes for rows that the admin shows but does not change."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from unfold.admin import TabularInline

from releasehub.backoffice.base import HubAdmin, admin_actor


class ReadOnlyAdmin(HubAdmin):
    """A read-only view of rows that only the services write, for moderators and staff who may view the model."""

    permission = "downloads.moderate_download"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        meta = self.model._meta
        actor = admin_actor(request)
        return actor.has_permission(self.permission) or actor.has_permission(f"{meta.app_label}.view_{meta.model_name}")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(TabularInline):
    """Rows on the page of another row that every viewer of that page may see, and that have pages of their own."""

    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
