"""The members and roles of an organization in the admin."""

from typing import Any

from django import forms
from django.http import HttpRequest

from releasehub.accounts import services
from releasehub.accounts.models import Membership, Organization, Role
from releasehub.accounts.policies import organization_policy
from releasehub.accounts.roles import role_of
from releasehub.accounts.scopes import OrganizationScope
from releasehub.accounts.user_policies import user_policy
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.read_only import LabelledInline
from releasehub.core.actor import Actor


class MembershipInline(LabelledInline):
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


class RoleInline(LabelledInline):
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


def add_row(actor: Actor, organization: Organization, row: Membership | Role) -> None:
    if isinstance(row, Role):
        services.create_role(actor=actor, organization=organization, name=row.name, scopes=row.scopes)
        return
    member = services.add_member(actor=actor, organization=organization, user=row.user, role=role_of(row))
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
        services.change_role(actor=actor, member=member, role=role_of(row))


def remove_row(actor: Actor, row: Membership | Role) -> None:
    if isinstance(row, Role):
        services.delete_role(actor=actor, role=row)
    else:
        services.remove_member(actor=actor, member=row)
