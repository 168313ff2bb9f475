"""Admin of labels: the named channels and platforms."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from downloads.models import Download
from releasehub.backoffice.base import HubForm, admin_actor
from releasehub.backoffice.permissions import may_attach_labels
from releasehub.backoffice.policy_admin import PolicyModelAdmin
from releasehub.core.actor import Actor
from versions.models import Label, NamedChannel, NamedPlatform
from versions.policies import label_policy
from versions.services import create_label, delete_label, update_label


class LabelForm(HubForm):
    class Meta:
        fields = ("name", "display_name", "description", "downloads")
        help_texts = {"downloads": "Leave empty for all downloads."}


class LabelAdmin(PolicyModelAdmin):
    """Admin of labels. All changes go through the services, including the list of downloads."""

    form = LabelForm
    policy = label_policy
    list_display = ("name", "display_name", "is_general", "updated_at")
    list_filter = ("is_general",)
    search_fields = ("name", "display_name", "description")
    autocomplete_fields = ("downloads",)
    readonly_fields = ("shown_downloads",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return self.model.objects.visible_to(admin_actor(request)).order_by("name", "id")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row: Any = super().get_object(request, object_id, from_field)
        if row is not None:
            visible = Download.objects.visible_to(admin_actor(request)).order_by()
            row.visible_downloads = row.downloads.filter(pk__in=visible.values("pk"))
        return row

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Show users who only view a label the downloads that they may see. It may be attached to others as well."""
        is_viewed = obj is not None and not self.has_change_permission(request, obj)
        return ("name", "display_name", "description", "shown_downloads" if is_viewed else "downloads")

    @admin.display(description="downloads")
    def shown_downloads(self, row: Any) -> str:
        return ", ".join(map(str, row.visible_downloads))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_module_permission(request) and may_attach_labels(admin_actor(request))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def create(self, actor: Actor, values: dict[str, Any]) -> Label:
        return create_label(actor=actor, model=self.model, **values | {"downloads": list(values["downloads"])})

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        if "downloads" in values:
            values["downloads"] = list(values["downloads"])
        update_label(actor=actor, label=obj, **values)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Do nothing, because the service has already saved the related rows."""

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        delete_label(actor=admin_actor(request), label=obj)


admin.site.register([NamedChannel, NamedPlatform], LabelAdmin)
