"""Admin of users, groups and organizations."""

from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from releasehub.accounts.models import User
from releasehub.accounts.reserved_names import is_reserved_owner
from releasehub.accounts.services.saving import save_account
from releasehub.accounts.services.usernames import claim_username
from releasehub.accounts.user_policies import grantable_permissions, group_policy, user_policy
from releasehub.backoffice.account_help import AccountHelpMixin
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.confirming import ConfirmedChangesMixin, ask_before_form
from releasehub.backoffice.fields.admin import FriendlyFieldsMixin
from releasehub.backoffice.lists.checked import CheckedListMixin
from releasehub.backoffice.lists.tools import ListToolsMixin
from releasehub.backoffice.people.pages import PeopleMixin

RESERVED = "This name is reserved, because URLs of this hub begin with it. Choose another one."
POWERS = ("is_staff", "is_superuser", "groups", "user_permissions", "quota_bytes")

admin.site.unregister(Group)
# Staff must not see secrets of second factors and confirmations. The page of a user has the actions that staff need.
for model in (EmailAddress, EmailConfirmation, Authenticator):
    if admin.site.is_registered(model):
        admin.site.unregister(model)


class OwnerNameMixin:
    """A form that refuses reserved names for new accounts and for renamed ones."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field := self.fields.get("username"):  # type: ignore[attr-defined]
            field.validators.append(self.check_owner_name)

    def check_owner_name(self, name: str) -> None:
        present = self.instance.username  # type: ignore[attr-defined]
        if name != present and is_reserved_owner(name):
            raise ValidationError(RESERVED)


class HubUserCreationForm(OwnerNameMixin, UserCreationForm):
    pass


class HubUserChangeForm(OwnerNameMixin, UserChangeForm):
    pass


class HubPasswordChangeForm(AdminPasswordChangeForm):
    def save(self, commit: bool = True) -> Any:
        user = super().save(commit=False)
        if commit:
            save_account(user, ["password"])
        return user


@admin.register(User)
class UserAdmin(
    AccountHelpMixin,
    PeopleMixin,
    FriendlyFieldsMixin,
    ConfirmedChangesMixin,
    ListToolsMixin,
    DjangoUserAdmin,
    ModelAdmin,
):
    """Admin of users. Staff may change only users who have no more rights than they have themselves.

    Only site administrators may grant rights.
    """

    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_staff", "last_login")
    form = HubUserChangeForm
    add_form = HubUserCreationForm
    change_password_form = HubPasswordChangeForm
    fieldsets = (*(DjangoUserAdmin.fieldsets or ()), ("Storage", {"fields": ("quota_bytes",)}))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Return the fields that show a value only. Nobody may deactivate their own account."""
        fields = super().get_readonly_fields(request, obj)
        if obj is not None and obj.is_active and not user_policy.can_disable(admin_actor(request), obj):
            fields = (*fields, "is_active")
        return fields if request.user.is_superuser else (*fields, *POWERS)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is None:
            return super().has_change_permission(request)
        return user_policy.can_change(admin_actor(request), obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            claim_username(obj.username)
            super().save_model(request, obj, form, change)
            return
        columns = {field.name for field in User._meta.concrete_fields}
        save_account(obj, columns.intersection(form.changed_data))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        if self.may_save(request, None):
            ask_before_form(request)
        return super().add_view(request, form_url, extra_context)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:
        if self.may_save(request, id):
            ask_before_form(request)
        return super().user_change_password(request, id, form_url)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Forbid deletion. Accounts are anonymized instead, because downloads and the audit log refer to them."""
        return False


@admin.register(Group)
class GroupAdmin(ConfirmedChangesMixin, CheckedListMixin, DjangoGroupAdmin, ModelAdmin):
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
