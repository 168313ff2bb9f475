"""Admin of prefixes."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from downloads.models import Prefix
from downloads.policies import prefix_policy
from downloads.services import create_prefix, delete_prefix, update_prefix
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.policy_admin import PolicyModelAdmin
from releasehub.core.actor import Actor


@admin.register(Prefix)
class PrefixAdmin(PolicyModelAdmin):
    """Admin of prefixes. All changes go through the services, including the list of categories."""

    policy = prefix_policy
    fields = ("title", "color", "display_order", "categories")
    list_display = ("title", "color", "display_order", "updated_at")
    search_fields = ("title",)
    autocomplete_fields = ("categories",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return Prefix.objects.order_by("display_order", "title")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return prefix_policy.can_create(admin_actor(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj) and admin_actor(request).is_superuser

    def create(self, actor: Actor, values: dict[str, Any]) -> Prefix:
        return create_prefix(actor=actor, **values)

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        update_prefix(actor=actor, prefix=Prefix.objects.get(pk=obj.pk), **values)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Do nothing, because the service has already saved the related rows."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_prefix(actor=admin_actor(request), prefix=obj)
