"""Admin of organizations with their members, roles and invitations."""

from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from releasehub.accounts import services
from releasehub.accounts.models import Invitation, Organization
from releasehub.accounts.policies import organization_policy
from releasehub.accounts.querysets import SEE_ALL
from releasehub.backoffice.base import HubAdmin, admin_actor
from releasehub.backoffice.organization_people import MembershipInline, RoleInline, add_row, change_row, remove_row
from releasehub.backoffice.permissions import manages_webhooks
from releasehub.backoffice.read_only import ReadOnlyAdmin
from releasehub.core.actor import Actor


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyAdmin):
    """A list of invitations for staff who may see accounts."""

    permission = "accounts.view_user"
    list_display = ("invited", "kind", "invited_by", "created_at", "expires_at", "accepted_at", "declined_at")
    list_filter = ("kind",)
    list_select_related = ("invited_by",)
    search_fields = ("invited", "invited_by__username")
    exclude = ("token_digest",)


@admin.register(Organization)
class OrganizationAdmin(HubAdmin):
    list_display = ("name", "slug", "created_at")
    search_fields = ("name", "slug")
    fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    inlines = (MembershipInline, RoleInline)

    def get_queryset(self, request: HttpRequest) -> Any:
        actor = admin_actor(request)
        rows = super().get_queryset(request)
        return (
            rows if self.has_change_permission(request) else rows.filter(pk__in=Organization.objects.visible_to(actor))
        )

    def has_lookup_permission(self, request: HttpRequest) -> bool:
        """Allow users who publish downloads to stores or make webhooks; they find the organizations they belong to."""
        return manages_webhooks(admin_actor(request))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        actor = admin_actor(request)
        return actor.has_permission(SEE_ALL) or self.has_change_permission(request, obj)

    has_module_permission = has_view_permission

    def has_add_permission(self, request: HttpRequest) -> bool:
        return organization_policy.can_create(admin_actor(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin_actor(request).has_permission("accounts.change_organization")

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin_actor(request).has_permission("accounts.delete_organization")

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return super().get_prepopulated_fields(request, obj) if obj is None else {}

    def create(self, actor: Actor, values: dict[str, Any]) -> models.Model:
        return services.create_organization(actor=actor, name=values["name"], slug=values["slug"])

    def update(self, actor: Actor, obj: Any, values: dict[str, Any]) -> None:
        services.update_organization(actor=actor, organization=Organization.objects.get(pk=obj.pk), **values)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        services.delete_organization(actor=admin_actor(request), organization=obj)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """Pass the changed rows to the services that add, change and remove members and roles.

        Only site administrators decide which members are owners.
        """
        actor, organization = admin_actor(request), form.instance
        formset.save(commit=False)
        for row in formset.deleted_objects:
            remove_row(actor, row)
        for row in formset.new_objects:
            add_row(actor, organization, row)
        for row, _ in formset.changed_objects:
            change_row(actor, row)
