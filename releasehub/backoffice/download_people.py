"""The people and stores of a download in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from downloads import services
from downloads.models import Download, Share, StorePublication, TeamMember
from downloads.policies import download_policy
from releasehub.accounts.user_policies import user_policy
from releasehub.backoffice.base import admin_actor
from releasehub.backoffice.read_only import LabelledInline
from releasehub.core.actor import Actor


class PeopleInline(LabelledInline):
    """People and stores of a download. `DownloadAdmin.save_formset` passes the changes to the services."""

    extra = 0
    tab = True
    autocomplete_fields = ("user",)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Show the rows to insiders of the download. Django also calls this without a download, for the rows."""
        return obj is None or download_policy.is_insider(admin_actor(request), obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is not None and download_policy.can_manage_team(admin_actor(request), obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow staff who may see accounts anyway. The others invite, on the page of the team."""
        return self.has_change_permission(request, obj) and user_policy.can_list(admin_actor(request))

    has_delete_permission = has_change_permission

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Fix the user of a row, because a choice among all users would show them."""
        fixed = super().get_readonly_fields(request, obj)
        return fixed if self.has_add_permission(request, obj) else (*fixed, *self.autocomplete_fields)


class TeamInline(PeopleInline):
    """The team. Rights on an organization's download apply only while the user belongs to the organization."""

    model = TeamMember
    readonly_fields = ("applies",)

    def get_queryset(self, request: HttpRequest) -> Any:
        rows: Any = super().get_queryset(request)
        return rows.with_standing()

    @admin.display(description="applies", boolean=True)
    def applies(self, row: TeamMember) -> bool | None:
        """Return whether the user belongs to the organization of the download; None for a row that is being added."""
        return getattr(row, "is_in_force", None)


class ShareInline(PeopleInline):
    model = Share


class StoreInline(PeopleInline):
    model = StorePublication
    autocomplete_fields = ("organization",)
    has_add_permission = PeopleInline.has_change_permission

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.readonly_fields


def save_person(actor: Actor, download: Download, row: TeamMember | Share | StorePublication) -> None:
    if isinstance(row, TeamMember):
        flags = row.flags
        services.set_team_member(actor=actor, download=download, user=row.user, flags=flags)
    elif isinstance(row, Share):
        services.share_download(actor=actor, download=download, user=row.user)
    else:
        organization, is_public = row.organization, row.is_public
        services.publish_to_store(actor=actor, download=download, organization=organization, is_public=is_public)


def remove_person(actor: Actor, download: Download, row: TeamMember | Share | StorePublication) -> None:
    if isinstance(row, TeamMember):
        services.remove_team_member(actor=actor, download=download, user=row.user)
    elif isinstance(row, Share):
        services.remove_share(actor=actor, share=row)
    else:
        services.withdraw_from_store(actor=actor, download=download, organization=row.organization)
