"""Admin of users, groups and organizations."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import models
from django.http import HttpRequest
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from downloads.models import Download
from releasehub.accounts import services
from releasehub.accounts.models import Invitation, Membership, Organization, Role, User
from releasehub.accounts.policies import grantable_permissions, group_policy, organization_policy, user_policy
from releasehub.accounts.querysets import SEE_ALL
from releasehub.accounts.roles import ADMIN, MEMBER, built_in_role
from releasehub.accounts.scopes import OrganizationScope
from releasehub.backoffice.anonymizing import AnonymizingMixin
from releasehub.backoffice.base import HubAdmin, ReadOnlyAdmin, admin_actor
from releasehub.core.actor import Actor

POWERS = ("is_staff", "is_superuser", "groups", "user_permissions", "quota_bytes")

admin.site.unregister(Group)


@admin.register(User)
class UserAdmin(AnonymizingMixin, DjangoUserAdmin, ModelAdmin):
    """Admin of users. Staff may change only users who have no more rights than they have themselves.

    Only site administrators may grant rights.
    """

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    fieldsets = (*(DjangoUserAdmin.fieldsets or ()), ("Storage", {"fields": ("quota_bytes",)}))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = super().get_readonly_fields(request, obj)
        return fields if request.user.is_superuser else (*fields, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return super().has_change_permission(request)
        return user_policy.can_change(admin_actor(request), obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Forbid deletion. Accounts are anonymized instead, because downloads and the audit log refer to them."""
        return False


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Admin of groups. Staff may grant only permissions they have, and may not change groups that have more."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return super().has_change_permission(request)
        return group_policy.can_change(admin_actor(request), obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return super().has_delete_permission(request)
        return group_policy.can_delete(admin_actor(request), obj)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any) -> Any:
        if db_field.name == "permissions" and request is not None:
            kwargs["queryset"] = grantable_permissions(admin_actor(request))
        return super().formfield_for_manytomany(db_field, request=request, **kwargs)


class MembershipInline(TabularInline):
    """Members of an organization. `OrganizationAdmin.save_formset` passes the changes to the services."""

    model = Membership
    extra = 0
    autocomplete_fields = ("user",)
    fields = ("user", "role", "named_role")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Offer only the roles of this organization, and do not let the user of a membership be changed."""
        formset = super().get_formset(request, obj, **kwargs)
        formset.form.base_fields["named_role"].queryset = Role.objects.filter(organization=obj)
        return formset

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow every user who may see the organization. Django also calls this without one, for the rows."""
        return True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and organization_policy.can_manage_roles(admin_actor(request), obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow staff who may see accounts anyway. The others invite, on the page of the organization."""
        return self.has_change_permission(request, obj) and user_policy.can_list(admin_actor(request))

    has_delete_permission = has_change_permission

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Fix the user of a row, because a choice among all users would show them."""
        return () if self.has_add_permission(request, obj) else self.autocomplete_fields


class RoleInline(TabularInline):
    model = Role
    extra = 0
    fields = ("name", "scopes")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest | None, **kwargs: Any) -> Any:
        if db_field.name == "scopes":
            choices = OrganizationScope.choices
            return forms.MultipleChoiceField(
                choices=choices, required=False, widget=forms.CheckboxSelectMultiple, initial=list
            )
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    has_view_permission = MembershipInline.has_view_permission
    has_change_permission = MembershipInline.has_change_permission
    has_add_permission = MembershipInline.has_change_permission
    has_delete_permission = MembershipInline.has_change_permission


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
        """Allow users who publish downloads to stores; they find the organizations they belong to."""
        return Download.objects.team_managed_by(admin_actor(request)).exists()

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        actor = admin_actor(request)
        return actor.has_permission(SEE_ALL) or self.has_change_permission(request, obj)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

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


def add_row(actor: Actor, organization: Organization, row: Membership | Role) -> None:
    if isinstance(row, Role):
        services.create_role(actor=actor, organization=organization, name=row.name, scopes=row.scopes)
        return
    member = services.add_member(actor=actor, organization=organization, user=row.user, role=wanted_role(row))
    if row.role == Membership.Role.OWNER:
        services.make_owner(actor=actor, member=member)


def change_row(actor: Actor, row: Membership | Role) -> None:
    if isinstance(row, Role):
        services.update_role(actor=actor, role=Role.objects.get(pk=row.pk), name=row.name, scopes=row.scopes)
        return
    member = Membership.objects.select_related("organization", "user", "named_role").get(pk=row.pk)
    if row.role == Membership.Role.OWNER:
        services.make_owner(actor=actor, member=member)
    else:
        services.change_role(actor=actor, member=member, role=wanted_role(row))


def remove_row(actor: Actor, row: Membership | Role) -> None:
    if isinstance(row, Role):
        services.delete_role(actor=actor, role=row)
    else:
        services.remove_member(actor=actor, member=row)


def wanted_role(row: Membership) -> Role:
    if row.administers:
        return built_in_role(row.organization, ADMIN)
    return row.named_role or built_in_role(row.organization, MEMBER)
